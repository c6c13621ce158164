//! Proof of work: who pays, what a stamp is good for, and what it costs nobody else.

#![cfg(all(feature = "hmac", feature = "hashcash"))]

use std::{sync::Arc, time::Duration};

use netaio::{
    App, Limits, ReplayMode, TcpServer,
    handler::SendError,
    net::{ServerHandle, UdpNode, client::RequestError, memory},
    peer::{Peer, PeerEvent, PeerManagement},
    plugin::{
        AuthFailure, AuthPlugin, Chain, Direction, Environment, HashcashAuth, HmacAuth, Layer,
        PluginContext, Role, System,
    },
    prelude::*,
    wire::{AuthFields, Body, encode_frame},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

/// So little that no thread is needed for it.
const QUICK: u8 = 6;
/// So much that one is.
const SLOW: u8 = 12;

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

fn serve(plugin: impl AuthPlugin, limits: Limits) -> (memory::MemoryConnector, ServerHandle) {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo()).auth(plugin).limits(limits).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    (connector, handle)
}

async fn client(connector: &memory::MemoryConnector, plugin: impl AuthPlugin) -> TcpClient {
    let stream = within(connector.connect()).await.unwrap();
    TcpClient::builder().auth(plugin).connect_stream(stream)
}

/// Seals a request as a client does.
fn request(plugin: &dyn AuthPlugin, environment: &dyn Environment) -> Vec<u8> {
    let kind = MessageType::RequestUri;
    let context = PluginContext::new(environment, kind, Direction::Outgoing);
    let (mut fields, body) = (AuthFields::new(), Body::new("echo", "paid").unwrap());
    plugin.make(&mut fields, &body, &context.with_role(Role::Client)).unwrap();
    let mut out = bytes::BytesMut::new();
    encode_frame(kind.code(), &fields, body.encoded(), &mut out).unwrap();
    out.to_vec()
}

#[tokio::test]
async fn who_asks_pays_and_who_answers_does_not() {
    for bits in [QUICK, SLOW] {
        let (connector, handle) = serve(HashcashAuth::new("app", bits), Limits::default());
        let paying = client(&connector, HashcashAuth::new("app", bits)).await;
        for number in 0..5 {
            let call = paying.request("echo").content(number.to_string());
            let answer = within(call).await.unwrap();
            assert_eq!(answer.text(), number.to_string());
            assert!(answer.into_message().auth_fields().is_empty(), "an answer has no stamp");
        }
        assert_eq!(handle.counters().auth_failures(), 0);
    }
}

#[tokio::test]
async fn what_is_not_paid_gets_no_answer_and_many_of_it_close_the_connection() {
    // So much that no stamp is worth it by chance.
    let (connector, handle) = serve(HashcashAuth::new("app", 40), Limits::default());
    let unpaid = request(&HmacAuth::new("another kind of proof"), &System);
    let elsewhere = request(&HashcashAuth::new("another app", QUICK), &System);
    let mut stream = within(connector.connect()).await.unwrap();
    for number in 0..16_u64 {
        let frame = if number % 2 == 0 { &unpaid } else { &elsewhere };
        within(stream.write_all(frame)).await.unwrap();
    }
    let mut answers = Vec::new();
    within(stream.read_to_end(&mut answers)).await.unwrap();
    assert!(answers.is_empty());
    assert_eq!(handle.counters().auth_failures(), 16);
}

#[tokio::test]
async fn a_stamp_pays_once_whatever_the_policy() {
    for mode in [ReplayMode::Graded, ReplayMode::Off] {
        let (connector, handle) =
            serve(HashcashAuth::new("app", QUICK), Limits::default().replay(mode));
        let paid = request(&HashcashAuth::new("app", QUICK), &System);
        let fresh = request(&HashcashAuth::new("app", QUICK), &System);
        let mut stream = within(connector.connect()).await.unwrap();
        let frames = [&paid[..], &paid, &fresh].concat();
        within(stream.write_all(&frames)).await.unwrap();
        within(stream.shutdown()).await.unwrap();
        let mut answers = Vec::new();
        within(stream.read_to_end(&mut answers)).await.unwrap();
        let answered = answers.windows(4).filter(|bytes| bytes == b"paid").count();
        assert_eq!(answered, 2, "{mode:?}");
        assert_eq!(handle.counters().replays_seen(), 1, "{mode:?}");
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct At(u64);

impl Environment for At {
    fn unix_time(&self) -> u64 {
        self.0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        System.fill_random(bytes);
    }
}

#[tokio::test]
async fn a_stamp_can_t_be_saved_up() {
    let (connector, handle) = serve(HashcashAuth::new("app", QUICK), Limits::default());
    let mut stream = within(connector.connect()).await.unwrap();
    for offset in [-400, 100] {
        let then = At(System.unix_time().checked_add_signed(offset).unwrap());
        let frame = request(&HashcashAuth::new("app", QUICK), &then);
        within(stream.write_all(&frame)).await.unwrap();
    }
    within(stream.shutdown()).await.unwrap();
    let mut answers = Vec::new();
    within(stream.read_to_end(&mut answers)).await.unwrap();
    assert!(answers.is_empty());
    let counters = handle.counters();
    assert_eq!((counters.replays_stale(), counters.replays_future()), (1, 1));
}

#[tokio::test]
async fn work_runs_beside_the_runtime_and_ends_when_nobody_awaits_it() {
    let (connector, _server) = serve(HmacAuth::new("a secret of sixteen"), Limits::default());
    let client = client(&connector, HmacAuth::new("a secret of sixteen")).await;
    // Nobody can finish these, on all processors and some more.
    let endless = || HashcashAuth::new("app", HashcashAuth::MOST_BITS);
    let calls: Vec<_> = (0..64)
        .map(|_| tokio::spawn(client.request("echo").auth(endless()).into_future()))
        .collect();
    // The one thread of this runtime is free.
    assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    for call in calls {
        assert!(within(call).await.unwrap_err().is_cancelled());
    }
    // The places of those that were given up are free again.
    let paid = client.request("echo").auth(HashcashAuth::new("app", SLOW)).content("paid");
    assert_eq!(within(paid).await.unwrap().content(), "paid");
}

#[tokio::test]
async fn what_is_not_awaited_can_t_be_worked_for_and_says_so() {
    let node = UdpNode::builder(echo()).auth(HashcashAuth::new("app", SLOW));
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let message = Message::new(MessageType::PublishUri, "u", "").unwrap();
    let error = node.send(node.local_addr(), message).unwrap_err();
    assert!(matches!(error, SendError::Seal(_)));
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        text += &error.to_string();
        cause = error.source();
    }
    assert!(text.contains("a stamp takes time: send the message by a call"), "{text}");
    // What answers is free.
    let answer = Message::new(MessageType::NotifyUri, "u", "").unwrap();
    node.send(node.local_addr(), answer).unwrap();
}

#[tokio::test]
async fn nodes_pay_each_other_and_find_each_other() {
    let node = async |name: &'static str, seeds: Vec<std::net::SocketAddr>| {
        let node = UdpNode::builder(echo())
            .auth(HashcashAuth::new("app", SLOW))
            .local_peer(Peer::new(name))
            .seeds(seeds);
        within(node.bind("127.0.0.1:0")).await.unwrap().spawn()
    };
    let first = node("first", vec![]).await;
    let second = node("second", vec![first.local_addr()]).await;
    let mut events = second.peers().events();
    first.peers().manage(PeerManagement::new());
    second.peers().manage(PeerManagement::new());
    let event = within(events.next()).await.unwrap();
    assert!(matches!(&event, PeerEvent::Discovered(peer) if peer.id() == "first"), "{event:?}");
    assert!(first.peers().get("second").is_some());
    let answer = within(second.request(first.local_addr(), "echo").content("hi")).await.unwrap();
    assert_eq!(answer.content(), "hi");
    let poor = UdpNode::builder(App::empty()).auth(HashcashAuth::new("app", SLOW).pay(0));
    let poor = within(poor.bind("127.0.0.1:0")).await.unwrap().spawn();
    let call = poor.request(first.local_addr(), "echo").timeout(Duration::from_millis(300));
    assert!(within(call).await.unwrap_err().is_timeout(), "what is not paid gets no answer");
}

#[tokio::test]
async fn a_chain_checks_the_work_first_and_needs_all_its_plugins() {
    let secret = || HmacAuth::new("a secret of sixteen");
    let both = || Chain::new().then(HashcashAuth::new("app", QUICK)).then(secret());
    assert_eq!(both().name(), "hashcash+hmac");
    assert_eq!(both().field_names(), ["hashcash", "hmac"]);
    let (connector, handle) = serve(both(), Limits::default());
    let good = client(&connector, both()).await;
    assert_eq!(within(good.request("echo").content("hi")).await.unwrap().content(), "hi");
    // A good stamp and a wrong secret: that is answered.
    let wrong = Chain::new().then(HashcashAuth::new("app", QUICK)).then(HmacAuth::new("guessed"));
    let wrong = client(&connector, wrong).await;
    let error = within(wrong.request("echo")).await.unwrap().ok().unwrap_err();
    assert!(matches!(error, RequestError::Auth(_)), "{error}");
    assert!(error.to_string().contains("HMAC auth failed"), "{error}");
    // A right secret and no stamp: that is not.
    let call = client(&connector, secret()).await;
    let call = call.request("echo").timeout(Duration::from_millis(300));
    assert!(within(call).await.unwrap_err().is_timeout());
    assert_eq!(handle.counters().auth_failures(), 2);
}

#[tokio::test]
async fn a_chain_knows_repetitions_by_each_of_its_plugins() {
    let both = || {
        Chain::new()
            .then(HmacAuth::new("the secret of some").field("one"))
            .then(HmacAuth::new("the secret of others").field("two"))
    };
    let (connector, handle) = serve(both(), Limits::default().replay(ReplayMode::Enforce));
    let frame = request(&both(), &System);
    let mut stream = within(connector.connect()).await.unwrap();
    within(stream.write_all(&[&frame[..], &frame].concat())).await.unwrap();
    within(stream.shutdown()).await.unwrap();
    within(stream.read_to_end(&mut Vec::new())).await.unwrap();
    assert_eq!(handle.counters().replays_seen(), 1);
    let (fields, body) = (AuthFields::new(), Body::new("", "").unwrap());
    let context = PluginContext::new(&System, MessageType::Ok, Direction::Incoming);
    let failure = both().check(&fields, &body, &context).unwrap_err();
    assert_eq!(failure, AuthFailure::Missing("ts".into()));
}

#[test]
fn more_work_is_demanded_under_load() {
    let server = HashcashAuth::new("app", 2).under_load(10, 5);
    let layer = Layer::new().shared_auth(Arc::new(server.clone()));
    let now = At(1_000);
    let context = |direction| PluginContext::new(&now, MessageType::RequestUri, direction);
    let passes = |pays: u8| {
        let mut fields = AuthFields::new();
        let body = Body::new("u", "").unwrap();
        let payer = Layer::new().auth(HashcashAuth::new("app", pays));
        let body = payer.seal(&mut fields, body, &context(Direction::Outgoing)).unwrap();
        layer.open(&fields, body, &context(Direction::Incoming)).is_ok()
    };
    assert_eq!(server.demanded(), 2);
    (0..10).for_each(|_| assert!(passes(5)));
    assert_eq!(server.demanded(), 3);
    (0..100).for_each(|_| assert!(passes(5)));
    assert_eq!(server.demanded(), 5, "and not more");
    assert!((0..64).any(|_| !passes(2)), "two bits are not enough any more");
}
