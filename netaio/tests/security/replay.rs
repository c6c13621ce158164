//! What is captured and sent again, or sent back. The numbers of tests are those of the threat
//! table.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use netaio::{
    App, Counters, Limits, ReplayMode, ReplayPolicy,
    net::UdpNode,
    peer::{PackifyPeers, Peer, PeerManagement, PeerPlugin},
    plugin::{Direction, HmacAuth, Layer, PluginContext, X25519Cipher},
    prelude::*,
    wire::{AuthFields, AuthLimits, Body, Frame, encode_frame},
};
use tokio::net::UdpSocket;

use crate::common::{Clock, Raw, Server, reencoded, retyped, seal, within};

const SECRET: &str = "a secret of sixteen";

/// A server that counts what its handlers did.
struct Counting {
    server: Server,
    created: Arc<AtomicU64>,
}

impl Counting {
    fn new(layer: Layer, limits: Limits, clock: &Clock) -> Self {
        Self::with_app(layer, limits, clock, |_| {})
    }

    fn with_app(layer: Layer, limits: Limits, clock: &Clock, add: impl FnOnce(&App)) -> Self {
        let created = Arc::new(AtomicU64::new(0));
        let app = App::empty();
        for kind in [MessageType::CreateUri, MessageType::DeleteUri, custom()] {
            let created = Arc::clone(&created);
            app.on(kind, move |_: Uri| {
                created.fetch_add(1, Relaxed);
                "done"
            });
        }
        app.on(MessageType::RequestUri, |content: Content| content);
        add(&app);
        let server = Server::new(app, |builder| {
            builder.layer(layer).limits(limits).environment(clock.clone())
        });
        Self { server, created }
    }

    async fn connect(&self) -> Raw {
        self.server.connect().await
    }

    fn created(&self) -> u64 {
        self.created.load(Relaxed)
    }

    fn counters(&self) -> &Counters {
        self.server.counters()
    }
}

fn custom() -> MessageType {
    MessageType::from_code(77).unwrap()
}

fn hmac() -> Layer {
    Layer::new().auth(HmacAuth::new(SECRET))
}

#[tokio::test]
async fn a5_a_captured_message_that_changes_something_runs_once_on_any_connection() {
    let clock = Clock::at(1_000_000);
    for kind in [MessageType::CreateUri, MessageType::DeleteUri, custom()] {
        let server = Counting::new(hmac(), Limits::default(), &clock);
        let frame = seal(&hmac(), &clock, kind, "u");
        let mut connection = server.connect().await;
        assert_eq!(connection.kind(&frame).await, MessageType::Ok);
        assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
        assert_eq!(server.connect().await.kind(&frame).await, MessageType::AuthError);
        assert_eq!((server.created(), server.counters().replays_seen()), (1, 2));
        // The connection lives on, and a fresh message is as good as the first.
        let fresh = seal(&hmac(), &clock, kind, "u");
        assert_eq!(connection.kind(&fresh).await, MessageType::Ok);
    }
}

#[tokio::test]
async fn a5_what_is_stale_or_of_the_future_is_refused_where_it_changes_something() {
    let clock = Clock::at(1_000_000);
    let server = Counting::new(hmac(), Limits::default(), &clock);
    let mut connection = server.connect().await;
    for (second, expected) in [
        (1, MessageType::AuthError),
        (1_000_000 - 301, MessageType::AuthError),
        (1_000_000 - 300, MessageType::Ok),
        (1_000_000 + 60, MessageType::Ok),
        (1_000_000 + 61, MessageType::AuthError),
    ] {
        let then = Clock::at(second);
        let frame = seal(&hmac(), &then, MessageType::CreateUri, "u");
        assert_eq!(connection.kind(&frame).await, expected, "{second}");
        let frame = seal(&hmac(), &then, MessageType::RequestUri, "u");
        assert_eq!(connection.kind(&frame).await, MessageType::RespondUri, "{second}");
    }
    let counters = server.counters();
    assert_eq!((counters.replays_stale(), counters.replays_future()), (4, 2));
    assert_eq!(server.created(), 2);

    // A message is refused for its age, however long ago it was first seen.
    let frame = seal(&hmac(), &clock, MessageType::CreateUri, "u");
    assert_eq!(connection.kind(&frame).await, MessageType::Ok);
    clock.set(1_000_000 + 301);
    assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
    assert_eq!(server.counters().replays_stale(), 5);
}

#[tokio::test]
async fn a5_honest_repetitions_pass_and_are_counted_and_modes_change_that() {
    let clock = Clock::at(1_000_000);
    let (request, create) = (MessageType::RequestUri, MessageType::CreateUri);
    let (read, done, refused) = (MessageType::RespondUri, MessageType::Ok, MessageType::AuthError);
    let policies: [(ReplayPolicy, _, _, u64); 6] = [
        (ReplayMode::Graded.into(), read, refused, 2),
        (ReplayMode::Enforce.into(), refused, refused, 2),
        (ReplayMode::Observe.into(), read, done, 2),
        (ReplayMode::Off.into(), read, done, 0),
        (ReplayPolicy::new(ReplayMode::Enforce).exempt([create]), refused, done, 2),
        (ReplayPolicy::new(ReplayMode::Graded).enforce([request]), refused, refused, 2),
    ];
    for (policy, read, changed, seen) in policies {
        let server = Counting::new(hmac(), Limits::default().replay(policy), &clock);
        let mut connection = server.connect().await;
        for (kind, expected) in [(request, read), (create, changed)] {
            let frame = seal(&hmac(), &clock, kind, "u");
            connection.kind(&frame).await;
            assert_eq!(connection.kind(&frame).await, expected, "{policy:?}");
        }
        assert_eq!(server.counters().replays_seen(), seen, "{policy:?}");
    }
}

#[tokio::test]
async fn a5_the_memory_is_the_endpoint_s_and_not_the_plugin_s() {
    let clock = Clock::at(1_000_000);
    let shared = hmac();
    let frame = seal(&shared, &clock, MessageType::CreateUri, "u");
    for _ in 0..2 {
        let server = Counting::new(shared.clone(), Limits::default(), &clock);
        assert_eq!(server.connect().await.kind(&frame).await, MessageType::Ok);
    }
}

#[tokio::test]
async fn a5_a_refused_message_leaves_no_trace_that_could_refuse_an_honest_one() {
    let clock = Clock::at(1_000_000);
    let server = Counting::new(hmac(), Limits::default(), &clock);
    let frame = seal(&hmac(), &clock, MessageType::CreateUri, "u");
    // The right fields on another body: whoever saw them pass can't use them up.
    let mut body = bytes::BytesMut::new();
    let fields = Frame::decode(&mut frame.clone().into())
        .map(|frame| AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap());
    let other = Body::new("another", "").unwrap();
    encode_frame(frame[0], &fields.unwrap(), other.encoded(), &mut body).unwrap();
    let mut connection = server.connect().await;
    assert_eq!(connection.kind(&body).await, MessageType::AuthError);
    assert_eq!(connection.kind(&frame).await, MessageType::Ok);
}

#[tokio::test]
async fn a6_a_delivered_request_can_t_become_another_one() {
    let clock = Clock::at(1_000_000);
    let server = Counting::new(hmac(), Limits::default(), &clock);
    let frame = seal(&hmac(), &clock, MessageType::RequestUri, "u");
    let mut connection = server.connect().await;
    assert_eq!(connection.kind(&frame).await, MessageType::RespondUri);
    let delete = retyped(&frame, MessageType::DeleteUri);
    assert_eq!(connection.kind(&delete).await, MessageType::AuthError);
    assert_eq!(server.created(), 0);
}

#[tokio::test]
async fn a6_a_server_s_own_answer_is_no_request() {
    let clock = Clock::at(1_000_000);
    let server = Counting::new(hmac(), Limits::default(), &clock);
    let mut connection = server.connect().await;
    let answer = connection.ask(&seal(&hmac(), &clock, MessageType::RequestUri, "u")).await;
    let reflected = retyped(&reencoded(&answer), MessageType::CreateUri);
    assert_eq!(connection.kind(&reflected).await, MessageType::AuthError);
    assert_eq!((server.created(), server.counters().replays_reflected()), (0, 1));
}

#[tokio::test]
async fn a6_layers_with_one_secret_are_told_apart() {
    let clock = Clock::at(1_000_000);
    let inner = Layer::new().auth(HmacAuth::new(SECRET).field("hmac2"));
    let guarded = inner.clone();
    let server = Counting::with_app(hmac(), Limits::default(), &clock, move |app| {
        app.on_with((MessageType::CreateUri, "guarded"), guarded, |_: Uri| "done");
    });
    let client = TcpClient::builder().layer(hmac()).environment(clock);
    let client = client.connect_stream(server.connect().await.0);
    let answer = within(client.with_layer(inner).create("guarded", "x")).await.unwrap();
    assert_eq!(answer.message_type(), MessageType::Ok, "both MACs are the same");
    assert_eq!(server.counters().replays_seen(), 0);
}

#[tokio::test]
async fn a6_an_inner_layer_alone_protects_its_handler() {
    let clock = Clock::at(1_000_000);
    let inner = Layer::new().auth(HmacAuth::new(SECRET).field("hmac2"));
    let guarded = inner.clone();
    let server = Counting::with_app(Layer::new(), Limits::default(), &clock, move |app| {
        app.on_with((MessageType::CreateUri, "guarded"), guarded, |_: Uri| "done");
    });
    let frame = seal(&inner, &clock, MessageType::CreateUri, "guarded");
    let mut connection = server.connect().await;
    assert_eq!(connection.kind(&frame).await, MessageType::Ok);
    assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
    assert_eq!(server.counters().replays_seen(), 1);
}

#[tokio::test]
async fn a8_a_repetition_does_not_use_up_a_one_time_handler() {
    let clock = Clock::at(1_000_000);
    let inner = Layer::new().auth(HmacAuth::new(SECRET).field("hmac2"));
    let guarded = inner.clone();
    let server = Counting::with_app(Layer::new(), Limits::default(), &clock, move |app| {
        app.once_with((MessageType::CreateUri, "first"), guarded.clone(), |_: Uri| "first");
        app.on_with((MessageType::CreateUri, "first"), guarded, |_: Uri| "later");
    });
    let mut connection = server.connect().await;
    let frame = seal(&inner, &clock, MessageType::CreateUri, "first");
    let answer = connection.ask(&frame).await;
    assert!(answer.body().ends_with(b"first"));
    assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
    assert_eq!(server.counters().auth_failures_repeated(), 1);
    let answer = connection.ask(&seal(&inner, &clock, MessageType::CreateUri, "first")).await;
    assert!(answer.body().ends_with(b"later"));
}

/// Two nodes' boxes.
fn boxes() -> [Layer; 2] {
    let [ours, theirs] = [[1; 32], [2; 32]].map(|seed| X25519Cipher::new(&seed));
    let (our_key, their_key) = (*ours.public_key(), *theirs.public_key());
    [(ours, their_key), (theirs, our_key)]
        .map(|(cipher, key)| Layer::new().cipher(cipher.peer_key(&key).unwrap()))
}

#[tokio::test]
async fn a11_a_box_opens_once_and_an_own_one_never() {
    let clock = Clock::at(1_000_000);
    let [ours, theirs] = boxes();
    let server = Counting::new(ours, Limits::default(), &clock);
    let mut connection = server.connect().await;
    let frame = seal(&theirs, &clock, MessageType::CreateUri, "u");
    let answer = connection.ask(&frame).await;
    assert_eq!(answer.header.code, MessageType::Ok.code());
    assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
    // The box has no time, so it is known much later too.
    clock.set(2_000_000);
    assert_eq!(connection.kind(&frame).await, MessageType::AuthError);
    let reflected = retyped(&reencoded(&answer), MessageType::CreateUri);
    assert_eq!(connection.kind(&reflected).await, MessageType::AuthError);
    let counters = server.counters();
    assert_eq!((counters.replays_seen(), counters.replays_reflected()), (2, 1));
    assert_eq!(server.created(), 1);
}

#[tokio::test]
async fn u3_a_recorded_advertisement_is_answered_once() {
    let clock = Clock::at(1_000_000);
    let node = UdpNode::builder(App::empty()).layer(hmac()).environment(clock.clone());
    let node = node.manage_peers(PeerManagement::new().app_id("app"));
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let content = PackifyPeers.pack(&Peer::new("them"));
    let context = PluginContext::new(&clock, MessageType::AdvertisePeer, Direction::Outgoing);
    let mut fields = AuthFields::new();
    let body = hmac().seal(&mut fields, Body::new("app", content).unwrap(), &context).unwrap();
    let mut frame = bytes::BytesMut::new();
    encode_frame(MessageType::AdvertisePeer.code(), &fields, body.encoded(), &mut frame).unwrap();

    let mut kinds = Vec::new();
    for _ in 0..2 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        within(socket.send_to(&frame, node.local_addr())).await.unwrap();
        let mut answer = vec![0; 65_536];
        let length = within(socket.recv(&mut answer)).await.unwrap();
        assert!(length <= 3 * frame.len());
        kinds.push(MessageType::from_code(answer[0]).unwrap());
    }
    assert_eq!(kinds, [MessageType::PeerDiscovered, MessageType::AuthError]);
    assert_eq!(node.peers().get("them").unwrap().addrs().len(), 1, "the thief is not added");
}

#[tokio::test]
async fn a5_over_udp_a_captured_create_runs_once_wherever_it_is_sent_from() {
    let clock = Clock::at(1_000_000);
    let (app, created) = (App::empty(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&created);
    app.on(MessageType::CreateUri, move |_: Uri| {
        count.fetch_add(1, Relaxed);
        "done"
    });
    let node = UdpNode::builder(app).layer(hmac()).environment(clock.clone());
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let frame = seal(&hmac(), &clock, MessageType::CreateUri, "u");
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        within(socket.send_to(&frame, node.local_addr())).await.unwrap();
        let mut answer = [0; 1_024];
        within(socket.recv(&mut answer)).await.unwrap();
        kinds.push(MessageType::from_code(answer[0]).unwrap());
    }
    assert_eq!(kinds, [MessageType::Ok, MessageType::AuthError]);
    assert_eq!(created.load(Relaxed), 1);
}
