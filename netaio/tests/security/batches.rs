//! Messages that are checked together, and replies that are signed together: nothing of it shows.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;
use netaio::{
    App, Limits, ReplayMode,
    plugin::{
        AuthError, AuthFailure, AuthPlugin, Direction, Fingerprint, HmacAuth, Layer, PluginContext,
        Proof, Sha256StreamCipher, Unchecked, Unsigned,
    },
    prelude::*,
    wire::{AuthFields, AuthLimits, Body, Frame, MessageType as T, encode_frame},
};
use proptest::{collection::vec, prelude::*, sample::select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Clock, Server, reencoded, retyped, seal, within};

const SECRET: &str = "a secret of sixteen";
const NOW: u64 = 1_700_000_000;

/// HMAC, together from some number of messages on, whatever this machine's processor can.
#[derive(Debug, Clone)]
struct Together {
    hmac: HmacAuth,
    worthwhile: Option<usize>,
    checked: Arc<AtomicUsize>,
    signed: Arc<AtomicUsize>,
    /// Signs nothing, and says nothing of it.
    forgets: bool,
}

impl Together {
    fn from(worthwhile: Option<usize>) -> Self {
        let [checked, signed] = Default::default();
        Self { hmac: HmacAuth::new(SECRET), worthwhile, checked, signed, forgets: false }
    }
}

impl AuthPlugin for Together {
    fn name(&self) -> &str {
        "together"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        if body.uri() == b"unsigned" {
            return Err(AuthError::Clock);
        }
        self.hmac.make(fields, body, context)
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        self.hmac.check(fields, body, context)
    }

    fn fingerprint(&self, fields: &AuthFields, body: &Body) -> Option<Fingerprint> {
        self.hmac.fingerprint(fields, body)
    }

    fn worthwhile_batch(&self) -> Option<usize> {
        self.worthwhile
    }

    fn make_all(
        &self,
        messages: &mut [Unsigned<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<(), AuthError>> {
        self.signed.fetch_add(messages.len(), Relaxed);
        if self.forgets {
            return Vec::new();
        }
        let mut made = self.hmac.make_all(messages, context);
        for (made, message) in made.iter_mut().zip(messages) {
            if message.body.uri() == b"unsigned" {
                *made = Err(AuthError::Clock);
            }
        }
        made
    }

    fn check_all(
        &self,
        messages: &[Unchecked<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<Proof, AuthFailure>> {
        self.checked.fetch_add(messages.len(), Relaxed);
        self.hmac.check_all(messages, context)
    }
}

fn app() -> App {
    let app = App::empty();
    app.on(T::RequestUri, |content: Content| content);
    app.on((T::RequestUri, "later"), async |content: Content| {
        tokio::task::yield_now().await;
        content
    });
    app.on((T::RequestUri, "at once"), async |content: Content| content);
    app.on((T::RequestUri, "panics"), |_: Uri| -> &'static str { panic!("as it should") });
    app.on((T::RequestUri, "large"), |_: Uri| Bytes::from(vec![7; 65_400]));
    app.on((T::RequestUri, "too large"), |_: Uri| Bytes::from(vec![7; 65_422]));
    app.on((T::RequestUri, "silent"), |_: Uri| Reply::none());
    app.on((T::RequestUri, "elsewhere"), |_: Uri| Reply::ok("there").uri("another uri"));
    app.on((T::RequestUri, "unsigned"), |_: Uri| "never sent");
    app.on(T::SubscribeUri, |uri: Uri, connection: Connection| connection.subscribe(uri));
    app.on(T::PublishUri, |uri: Uri, endpoint: Endpoint, content: Content| {
        endpoint.notify(uri, content).map(|reached| reached.to_string())
    });
    app.on((T::CreateUri, "close"), |connection: Connection| connection.close());
    app.on(T::CreateUri, |_: Uri| "created");
    app
}

/// What arrives in a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Arrival {
    Message(T, &'static str),
    /// The message before it once more.
    Repeated,
    Forged,
    Damaged,
    Old,
    Unsigned,
    UnknownType,
}

use Arrival::{Damaged, Forged, Message as Good, Old, Repeated, UnknownType, Unsigned as Bare};

const ARRIVALS: &[Arrival] = &[
    Good(T::RequestUri, "uri"),
    Good(T::RequestUri, "another"),
    Good(T::RequestUri, "at once"),
    Good(T::RequestUri, "later"),
    Good(T::RequestUri, "panics"),
    Good(T::RequestUri, "large"),
    Good(T::RequestUri, "too large"),
    Good(T::RequestUri, "silent"),
    Good(T::RequestUri, "elsewhere"),
    Good(T::RequestUri, "unsigned"),
    Good(T::SubscribeUri, "news"),
    Good(T::PublishUri, "news"),
    Good(T::CreateUri, "uri"),
    Good(T::DeleteUri, "nobody takes it"),
    Good(T::Ok, "an answer to nobody"),
    Repeated,
    Forged,
    Damaged,
    Old,
    Bare,
];

/// Encodes what arrives, signed and perhaps sealed by another node.
fn encoded(arrivals: &[Arrival], layer: &Layer) -> Vec<u8> {
    let clock = Clock::at(NOW);
    let (mut all, mut before) = (Vec::new(), Vec::new());
    for &arrival in arrivals {
        let good = || seal(layer, &clock, T::RequestUri, "uri");
        let frame = match arrival {
            Good(kind, uri) => seal(layer, &clock, kind, uri),
            Repeated => before.clone(),
            Old => seal(layer, &Clock::at(NOW - 10_000), T::CreateUri, "uri"),
            Bare => seal(&Layer::new(), &clock, T::RequestUri, "uri"),
            Damaged => {
                let mut frame = good();
                *frame.last_mut().unwrap() ^= 1;
                frame
            }
            UnknownType => {
                let mut frame = good();
                frame[0] = 200;
                frame
            }
            Forged => {
                let frame = Frame::decode(&mut good().into()).unwrap();
                let fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
                let mut body = frame.body().to_vec();
                *body.last_mut().unwrap() ^= 1;
                let mut forged = bytes::BytesMut::new();
                encode_frame(frame.header.code, &fields, &body, &mut forged).unwrap();
                forged.to_vec()
            }
        };
        all.extend_from_slice(&frame);
        before = frame;
    }
    all
}

/// Reads what was answered: whether it was signed, and what it says.
fn decoded(answers: Vec<u8>, layer: &Layer) -> Vec<(T, bool, Vec<u8>, usize)> {
    let (mut answers, clock) = (Bytes::from(answers), Clock::at(NOW));
    let mut all = Vec::new();
    while let Some(frame) = Frame::decode(&mut answers) {
        assert!(frame.checksum_matches());
        let kind = T::from_code(frame.header.code).unwrap();
        let fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
        let mut body = Body::decode(frame.into_body()).unwrap();
        if !fields.is_empty() {
            let context = PluginContext::new(&clock, kind, Direction::Incoming);
            body = layer.open(&fields, body, &context).unwrap();
        }
        all.push((kind, !fields.is_empty(), body.uri().to_vec(), body.content().len()));
    }
    assert!(answers.is_empty(), "half a frame");
    all
}

/// What a server has made of what arrived.
struct Outcome {
    answers: Vec<(T, bool, Vec<u8>, usize)>,
    counters: String,
    checked: usize,
    signed: usize,
}

async fn outcome(arrivals: &[Arrival], worthwhile: Option<usize>, sealed: bool) -> Outcome {
    let plugin = Together::from(worthwhile);
    let protect = |layer: Layer| {
        if sealed { layer.cipher(Sha256StreamCipher::new("a key of sixteen")) } else { layer }
    };
    let server = Server::new(app(), |builder| {
        builder
            .layer(protect(Layer::new().auth(plugin.clone())))
            .limits(Limits::default().replay(ReplayMode::Enforce).log_rate(0))
            .environment(Clock::at(NOW))
    });
    let layer = protect(Layer::new().auth(HmacAuth::new(SECRET)));
    let frames = encoded(arrivals, &layer);
    let (mut reading, mut writing) = tokio::io::split(server.connect().await.0);
    let write = async {
        // A server that closes reads no further.
        let _ = writing.write_all(&frames).await;
        let _ = writing.shutdown().await;
    };
    let mut answers = Vec::new();
    let (_, read) = within(async { tokio::join!(write, reading.read_to_end(&mut answers)) }).await;
    read.unwrap();
    Outcome {
        answers: decoded(answers, &layer),
        counters: format!("{:?}", server.counters()),
        checked: plugin.checked.load(Relaxed),
        signed: plugin.signed.load(Relaxed),
    }
}

#[tokio::test]
async fn a_batch_is_checked_and_signed_together() {
    for sealed in [false, true] {
        let arrivals = [Good(T::RequestUri, "uri"); 100];
        let together = outcome(&arrivals, Some(2), sealed).await;
        let expected = (T::RespondUri, true, b"uri".to_vec(), "content".len());
        assert_eq!(together.answers, vec![expected; 100]);
        assert_eq!((together.checked, together.signed), (100, 100));
        let alone = outcome(&arrivals, None, sealed).await;
        assert_eq!((alone.checked, alone.signed), (0, 0));
    }
}

#[tokio::test]
async fn who_makes_the_server_wait_is_checked_one_by_one_from_then_on() {
    let mut arrivals = [Good(T::RequestUri, "uri"); 60];
    arrivals[3] = Good(T::RequestUri, "later");
    let together = outcome(&arrivals, Some(2), false).await;
    assert_eq!(together.answers.len(), 60);
    assert_eq!(together.checked, 16, "what was ahead, and no message again and again");
}

#[tokio::test]
async fn what_fails_in_a_batch_is_answered_in_its_place() {
    let arrivals = [
        Good(T::SubscribeUri, "news"),
        Good(T::CreateUri, "uri"),
        Repeated,
        Forged,
        Good(T::PublishUri, "news"),
        Good(T::RequestUri, "too large"),
        Good(T::RequestUri, "unsigned"),
        Damaged,
        Good(T::RequestUri, "another"),
        UnknownType,
        Good(T::RequestUri, "never read"),
    ];
    let Outcome { answers, checked, .. } = outcome(&arrivals, Some(2), false).await;
    let kinds: Vec<_> = answers.iter().map(|(kind, signed, ..)| (*kind, *signed)).collect();
    let expected = [
        (T::ConfirmSubscribe, true),
        (T::Ok, true),
        (T::AuthError, false),
        (T::AuthError, false),
        (T::NotifyUri, true),
        (T::Ok, true),
        (T::Error, true),
        (T::Error, false),
        (T::RespondUri, true),
    ];
    assert_eq!(kinds, expected);
    assert!(checked > 0);
}

#[tokio::test]
async fn what_a_plugin_forgets_to_sign_is_not_sent() {
    let plugin = Together { forgets: true, ..Together::from(Some(2)) };
    let server = Server::new(app(), |builder| builder.auth(plugin).environment(Clock::at(NOW)));
    let layer = Layer::new().auth(HmacAuth::new(SECRET));
    let frames = encoded(&[Good(T::RequestUri, "uri"); 3], &layer);
    let answers = decoded(server.connect().await.all(&frames).await, &layer);
    assert_eq!(answers, vec![(T::Error, true, b"uri".to_vec(), "internal error".len()); 3]);
    assert_eq!(server.counters().failed_replies(), 3);
}

#[tokio::test]
async fn a6_answers_signed_together_are_known_when_they_are_sent_back() {
    let plugin = Together::from(Some(2));
    let server = Server::new(app(), |builder| {
        let limits = Limits::default().replay(ReplayMode::Enforce);
        builder.auth(plugin.clone()).limits(limits).environment(Clock::at(NOW))
    });
    let layer = Layer::new().auth(HmacAuth::new(SECRET));
    let frames = encoded(&[Good(T::RequestUri, "uri"); 5], &layer);
    let mut answers = Bytes::from(server.connect().await.all(&frames).await);
    assert_eq!(plugin.signed.load(Relaxed), 5);
    while let Some(answer) = Frame::decode(&mut answers) {
        let back = retyped(&reencoded(&answer), T::CreateUri);
        assert_eq!(server.connect().await.kind(&back).await, T::AuthError);
    }
    assert_eq!(server.counters().replays_reflected(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn batches_change_nothing_but_the_time(
        arrivals in vec(select(ARRIVALS), 1..70),
        last in prop_oneof![
            Just(UnknownType), Just(Good(T::CreateUri, "close")), Just(Good(T::RequestUri, "uri")),
        ],
        worthwhile in 1..20_usize,
        sealed: bool,
    ) {
        let mut arrivals = arrivals;
        arrivals.extend([last, Good(T::RequestUri, "uri")]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let [alone, together] = [None, Some(worthwhile)]
            .map(|worthwhile| runtime.block_on(outcome(&arrivals, worthwhile, sealed)));
        prop_assert_eq!(alone.answers, together.answers);
        prop_assert_eq!(alone.counters, together.counters);
    }
}
