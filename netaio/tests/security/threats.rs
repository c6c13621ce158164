//! The threat table, row by row, where no other file of this folder has the row.
//!
//! Elsewhere: A5, A6, A8, A11 and U3 in `replay`, A9 in `binding` and the ciphers' tests, A10 beside
//! `Layer`, A12 in the ciphers' tests, A13, A14 and M9 beside the peer table, M1 and M3 to M6 in
//! `limits`, M7 and how peers and datagrams are counted in `counted`, M8 beside the topics, M10 in
//! `tests/logs.rs` and beside the throttle, U5 beside the node's socket, the other U in the tests of
//! nodes. A4, A15, A17, C7, C8 and C9 are about scripts: `tests/tapescript` has them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use netaio::{
    App, BroadcastScope, Counters, Limits,
    net::client::RequestError,
    plugin::{
        AuthFailure, AuthPlugin, Direction, Environment, HmacAuth, Layer, PluginContext, System,
    },
    prelude::*,
    wire::{
        AuthFields, AuthFieldsError, AuthLimits, Body, Frame,
        packify::{Value, encode},
    },
};
use tokio::{io::AsyncReadExt, sync::Notify};

use crate::common::{Clock, Server, reencoded, seal, within};

fn secret() -> Layer {
    Layer::new().auth(HmacAuth::new("a secret of sixteen"))
}

fn clock() -> Clock {
    Clock::at(System.unix_time())
}

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

fn frame(uri: &str) -> Vec<u8> {
    Message::new(MessageType::RequestUri, uri, "content").unwrap().encode().unwrap().to_vec()
}

/// Puts bytes in the place of a message's auth fields.
fn with_fields(fields: &[u8]) -> Vec<u8> {
    let plain = frame("echo");
    let body = &plain[9 + usize::from(u16::from_be_bytes([plain[1], plain[2]]))..];
    let mut out = vec![plain[0]];
    out.extend(u16::try_from(fields.len()).unwrap().to_be_bytes());
    out.extend(&plain[3..9]);
    out.extend(fields);
    out.extend(body);
    out
}

/// A server that is sent bytes closes, counts it by its reason, and serves everybody else.
async fn is_refused(bytes: &[u8], reason: fn(&Counters) -> u64) {
    let server = Server::new(echo(), |builder| builder);
    let mut honest = server.connect().await;
    let answers = server.connect().await.all(bytes).await;
    assert!(answers.is_empty(), "{}", answers.escape_ascii());
    assert_eq!((server.counters().rejected(), reason(server.counters())), (1, 1));
    assert_eq!(honest.kind(&frame("echo")).await, MessageType::RespondUri);
}

fn check(change: impl FnOnce(&mut AuthFields)) -> AuthFailure {
    let frame = seal(&secret(), &clock(), MessageType::RequestUri, "u");
    let frame = Frame::decode(&mut frame.into()).unwrap();
    let mut fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
    let body = Body::decode(frame.into_body()).unwrap();
    let context = PluginContext::new(&System, MessageType::RequestUri, Direction::Incoming);
    let plugin = HmacAuth::new("a secret of sixteen");
    assert!(plugin.check(&fields, &body, &context).is_ok());
    change(&mut fields);
    plugin.check(&fields, &body, &context).unwrap_err()
}

#[test]
fn a1_a_mac_is_32_bytes_and_nothing_else() {
    let list = Value::List((0..32_i64).map(Value::from).collect());
    let text = Value::Str("a text that is of 32 characters.".into());
    for value in [list, text, Value::from(7_i64), Value::None] {
        let failure = check(|fields| fields.set_value("hmac", &value).unwrap());
        assert_eq!(failure, AuthFailure::Malformed("hmac".into()), "{value:?}");
    }
    for length in [0, 31, 33, 64] {
        let failure = check(|fields| fields.set("hmac", &vec![0; length]));
        assert_eq!(failure, AuthFailure::Malformed("hmac".into()), "{length}");
    }
}

#[tokio::test]
async fn a2_a_stranger_gets_nothing_signed() {
    let server = Server::new(echo(), |builder| builder.layer(secret()));
    let mut connection = server.connect().await;
    let mut damaged = seal(&secret(), &clock(), MessageType::RequestUri, "echo");
    *damaged.last_mut().unwrap() ^= 1;
    for (sent, kind) in [(damaged, MessageType::Error), (frame("echo"), MessageType::AuthError)] {
        let answer = connection.ask(&sent).await;
        assert_eq!(answer.header.code, kind.code());
        let fields = AuthFields::decode(answer.auth(), &AuthLimits::default()).unwrap();
        assert!(fields.is_empty(), "{kind}");
        assert!(!reencoded(&answer).is_empty());
    }
}

#[test]
fn a3_a_time_is_4_bytes_and_a_nonce_16() {
    for value in [Value::from(1_700_000_000_i64), Value::Float(1.7e9)] {
        let failure = check(|fields| fields.set_value("ts", &value).unwrap());
        assert_eq!(failure, AuthFailure::Malformed("ts".into()), "{value:?}");
    }
    for (field, length) in [("ts", 3), ("ts", 5), ("nonce", 15), ("nonce", 17)] {
        let failure = check(|fields| fields.set(field, &vec![7; length]));
        assert_eq!(failure, AuthFailure::Malformed(field.into()), "{length}");
    }
    for field in ["ts", "nonce", "hmac"] {
        let failure = check(|fields| assert!(fields.remove(field)));
        assert_eq!(failure, AuthFailure::Missing(field.into()));
    }
}

#[tokio::test]
async fn a7_a_failed_inner_check_is_counted_and_never_runs_the_handler() {
    let (app, ran) = (App::empty(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&ran);
    let inner = Layer::new().auth(HmacAuth::new("the inner secret").field("hmac2"));
    app.on_with(MessageType::RequestUri, inner, move || {
        count.fetch_add(1, SeqCst);
    });
    let server = Server::new(app, |builder| {
        builder.layer(secret()).on_auth_failure(netaio::AuthFailurePolicy::Drop)
    });
    let request = seal(&secret(), &clock(), MessageType::RequestUri, "u");
    assert!(server.connect().await.all(&request).await.is_empty());
    assert_eq!((ran.load(SeqCst), server.counters().auth_failures()), (0, 1));
    let counters = server.counters();
    assert_eq!((counters.inner_auth_failures(), counters.auth_failures_missing()), (1, 1));
}

#[tokio::test]
async fn a16_hardened_broadcasts_reach_those_that_proved_themselves() {
    let server = Server::new(echo(), |builder| builder.layer(secret()).limits(Limits::hardened()));
    let _stranger = server.connect().await;
    let friend = server.client(secret()).await;
    within(friend.request("echo")).await.unwrap().ok().unwrap();
    let news = Message::new(MessageType::NotifyUri, "news", "").unwrap();
    assert_eq!(server.handle.endpoint().broadcast(news).unwrap(), 1);
    assert_eq!(BroadcastScope::default(), BroadcastScope::All, "as the original");
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::None, |value, _| Value::List(vec![value]))
}

fn dict(entries: impl IntoIterator<Item = (Value, Value)>) -> Vec<u8> {
    encode(&Value::Dict(entries.into_iter().collect())).unwrap().to_vec()
}

#[tokio::test]
async fn c1_deep_fields_are_refused() {
    for depth in [40, 120] {
        let fields = dict([("a".into(), nested(depth))]);
        is_refused(&with_fields(&fields), Counters::rejected_depth).await;
    }
}

#[tokio::test]
async fn c2_lengths_that_lie_are_refused() {
    let honest = dict([("a".into(), Value::Bytes(vec![7; 100].into()))]);
    // Each length in turn becomes the largest there is.
    for place in 0..honest.len() {
        let mut lies = honest.clone();
        lies[place] = 0xff;
        let limits = AuthLimits::default();
        if let Ok(fields) = AuthFields::decode(&lies, &limits) {
            assert!(fields.encoded_len().unwrap() <= 200, "nothing is made up");
        }
    }
    is_refused(&with_fields(&honest[..honest.len() - 1]), Counters::rejected_length).await;
}

#[tokio::test]
async fn c3_c4_large_fields_and_many_of_them_are_refused() {
    let items = dict([("a".into(), Value::List(vec![Value::None; 4_097]))]);
    assert!(items.len() < 16 * 1024, "no other limit is in the way");
    is_refused(&with_fields(&items), Counters::rejected_items).await;
    let large = Value::Bytes(vec![0; 16 * 1024].into());
    let large = dict([("a".into(), large)]);
    is_refused(&with_fields(&large), Counters::rejected_auth_len).await;
    let many = (0..65).map(|number| (format!("field {number}").into(), Value::None));
    is_refused(&with_fields(&dict(many)), Counters::rejected_auth_len).await;
}

#[tokio::test]
async fn c5_a_frame_has_one_reading() {
    let one = |name: &str| {
        let (mut fields, mut encoded) = (AuthFields::new(), bytes::BytesMut::new());
        fields.set(name, b"1234");
        fields.encode_into(&mut encoded).unwrap();
        encoded.to_vec()
    };
    // Two bytes of kind, the number of entries, the length of each, then the entries.
    let both = |first: &[u8], second: &[u8]| {
        assert_eq!((first[2], second[2]), (1, 1));
        let lengths = [2, first[3], second[3]];
        [&first[..2], &lengths, &first[4..], &second[4..]].concat()
    };
    let fields = AuthFields::decode(&both(&one("ts"), &one("tt")), &AuthLimits::default()).unwrap();
    assert_eq!(fields.len(), 2, "two names are two fields");
    let twice = both(&one("ts"), &one("ts"));
    let refused = AuthFields::decode(&twice, &AuthLimits::default());
    assert_eq!(refused, Err(AuthFieldsError::Twice), "one name is not");
    is_refused(&with_fields(&twice), Counters::rejected_canonical).await;
}

#[tokio::test]
async fn c6_frames_that_are_no_messages_close_one_connection_and_no_other() {
    let mut unknown = frame("echo");
    unknown[0] = 200;
    is_refused(&unknown, Counters::rejected_type).await;
    // A body that is too short for its uri's length, and one whose uri is longer than itself.
    for body in [&b""[..], b"\x00", b"\x00\x05abc"] {
        let plain = frame("echo");
        let fields = usize::from(u16::from_be_bytes([plain[1], plain[2]]));
        let mut sent = plain[..9 + fields].to_vec();
        sent[3..5].copy_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        sent.extend(body);
        is_refused(&sent, Counters::rejected_length).await;
    }
}

#[tokio::test]
async fn c10_many_bad_credentials_close_the_connection() {
    let server = Server::new(echo(), |builder| builder.layer(secret()));
    let answers = server.connect().await.all(&frame("echo").repeat(100)).await;
    let answered = answers.windows(16).filter(|bytes| bytes == b"HMAC auth failed").count();
    assert_eq!((answered, server.counters().auth_failures()), (16, 16));
}

#[tokio::test]
async fn c11_a_handler_that_fails_is_an_error_to_its_caller_alone() {
    let app = echo();
    app.on((MessageType::RequestUri, "boom"), || -> () { panic!("on purpose") });
    let server = Server::new(app, |builder| builder);
    let client = server.client(Layer::new()).await;
    let answer = within(client.request("boom")).await.unwrap();
    assert_eq!((answer.text().as_ref(), answer.uri()), ("internal error", &b"boom"[..]));
    within(client.request("echo")).await.unwrap().ok().unwrap();
    assert_eq!(server.counters().handler_panics(), 1);
}

#[tokio::test]
async fn c12_two_calls_to_one_uri_have_each_its_answer() {
    let server = Server::new(echo(), |builder| builder);
    let client = server.client(Layer::new()).await;
    let first = client.request("echo").content("first").into_future();
    let second = client.request("echo").content("second").into_future();
    let (first, second) = within(async { tokio::join!(first, second) }).await;
    assert_eq!(
        (first.unwrap().text().as_ref(), second.unwrap().text().as_ref()),
        ("first", "second")
    );
}

#[tokio::test]
async fn m2_a_subscriber_that_does_not_read_is_cut_and_the_others_get_all_in_order() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    let limits = Limits::default().outbound_limit(64 * 1024);
    let server = Server::new(app, |builder| builder.limits(limits));
    let subscribe = Message::new(MessageType::SubscribeUri, "news", "").unwrap().encode().unwrap();
    let mut stalled = server.connect().await;
    stalled.ask(&subscribe).await;
    let healthy = server.client(Layer::new()).await;
    let mut news = within(healthy.subscribe("news")).await.unwrap();
    for number in 0..100_u8 {
        server.handle.endpoint().notify("news", [number; 8_000]).unwrap();
        assert_eq!(within(news.next()).await.unwrap().content()[0], number);
    }
    assert_eq!(server.counters().slow_consumers(), 1);
}

#[tokio::test]
async fn m11_a_stop_answers_what_was_read_and_cuts_nobody_who_is_done() {
    let (app, go) = (App::empty(), Arc::new(Notify::new()));
    let (entered, signal) = (Arc::new(Notify::new()), Arc::clone(&go));
    let enter = Arc::clone(&entered);
    app.on(MessageType::RequestUri, move || {
        let (go, entered) = (Arc::clone(&signal), Arc::clone(&enter));
        async move {
            entered.notify_one();
            go.notified().await;
            "finished"
        }
    });
    let server = Server::new(app, |builder| builder);
    let client = server.client(Layer::new()).await;
    let call = tokio::spawn(client.request("u").into_future());
    within(entered.notified()).await;
    server.handle.shutdown();
    go.notify_one();
    assert_eq!(within(call).await.unwrap().unwrap().text(), "finished");
    within(async {
        while server.handle.endpoint().connections() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn m12_calls_fail_at_once_when_the_connection_is_gone() {
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    let client = TcpClient::builder().connect_stream(near);
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(client.request("u").into_future())).collect();
    within(far.read_exact(&mut [0; 5 * 12])).await.unwrap();
    drop(far);
    for call in calls {
        let error = within(call).await.unwrap().unwrap_err();
        assert!(matches!(error, RequestError::Closed { .. }), "{error}");
    }
    assert!(within(client.request("u")).await.unwrap_err().is_closed());
}
