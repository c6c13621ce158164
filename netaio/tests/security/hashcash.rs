//! Proof of work: who pays, what a stamp is good for, and what it costs nobody else.

use std::time::Duration;

use netaio::{
    App, Limits, ReplayMode,
    handler::SendError,
    net::{UdpNode, client::RequestError},
    peer::{Peer, PeerEvent, PeerManagement},
    plugin::{
        AuthFailure, AuthPlugin, Chain, Direction, Environment, HashcashAuth, HmacAuth, Layer,
        PluginContext, System,
    },
    prelude::*,
    wire::{AuthFields, Body},
};

use crate::common::{Clock, Server, seal, within};

/// So little that no thread is needed for it.
const QUICK: u8 = 6;
/// So much that one is.
const SLOW: u8 = 12;

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

fn serve(plugin: impl AuthPlugin, limits: Limits) -> Server {
    Server::new(echo(), |builder| builder.auth(plugin).limits(limits))
}

fn layer(plugin: impl AuthPlugin) -> Layer {
    Layer::new().auth(plugin)
}

/// Seals a request as a client does.
fn request(plugin: impl AuthPlugin, clock: &Clock) -> Vec<u8> {
    seal(&layer(plugin), clock, MessageType::RequestUri, "echo")
}

fn now() -> Clock {
    Clock::at(System.unix_time())
}

#[tokio::test]
async fn who_asks_pays_and_who_answers_does_not() {
    for bits in [QUICK, SLOW] {
        let server = serve(HashcashAuth::new("app", bits), Limits::default());
        let paying = server.client(layer(HashcashAuth::new("app", bits))).await;
        for number in 0..5 {
            let call = paying.request("echo").content(number.to_string());
            let answer = within(call).await.unwrap();
            assert_eq!(answer.text(), number.to_string());
            assert!(answer.into_message().auth_fields().is_empty(), "an answer has no stamp");
        }
        assert_eq!(server.counters().auth_failures(), 0);
    }
}

#[tokio::test]
async fn what_is_not_paid_gets_no_answer_and_many_of_it_close_the_connection() {
    // So much that no stamp is worth it by chance.
    let server = serve(HashcashAuth::new("app", 40), Limits::default());
    let unpaid = request(HmacAuth::new("another kind of proof"), &now());
    let elsewhere = request(HashcashAuth::new("another app", QUICK), &now());
    let frames = [unpaid, elsewhere].concat().repeat(8);
    assert!(server.connect().await.all(&frames).await.is_empty());
    assert_eq!(server.counters().auth_failures(), 16);
}

#[tokio::test]
async fn a_stamp_pays_once_whatever_the_policy() {
    for mode in [ReplayMode::Graded, ReplayMode::Off] {
        let server = serve(HashcashAuth::new("app", QUICK), Limits::default().replay(mode));
        let paid = request(HashcashAuth::new("app", QUICK), &now());
        let fresh = request(HashcashAuth::new("app", QUICK), &now());
        let answers = server.connect().await.all(&[&paid[..], &paid, &fresh].concat()).await;
        let answered = answers.windows(7).filter(|bytes| bytes == b"content").count();
        assert_eq!(answered, 2, "{mode:?}");
        assert_eq!(server.counters().replays_seen(), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn a_stamp_can_t_be_saved_up() {
    let server = serve(HashcashAuth::new("app", QUICK), Limits::default());
    let frames = [-400, 100].map(|offset| {
        let then = Clock::at(System.unix_time().checked_add_signed(offset).unwrap());
        request(HashcashAuth::new("app", QUICK), &then)
    });
    assert!(server.connect().await.all(&frames.concat()).await.is_empty());
    let counters = server.counters();
    assert_eq!((counters.replays_stale(), counters.replays_future()), (1, 1));
}

#[tokio::test]
async fn work_runs_beside_the_runtime_and_ends_when_nobody_awaits_it() {
    let server = serve(HmacAuth::new("a secret of sixteen"), Limits::default());
    let client = server.client(layer(HmacAuth::new("a secret of sixteen"))).await;
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
    assert_eq!(
        error.to_string(),
        "the message can't be signed: a stamp takes time: send the message by a call, which is \
         awaited"
    );
    // What answers is free.
    let answer = Message::new(MessageType::NotifyUri, "u", "").unwrap();
    node.send(node.local_addr(), answer).unwrap();
}

#[tokio::test]
async fn a_subscription_may_be_dropped_outside_of_the_runtime() {
    let app = echo();
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    let paid = || HashcashAuth::new("app", SLOW);
    let server = Server::new(app, |builder| builder.auth(paid()));
    let client = server.client(layer(paid())).await;
    let news = within(client.subscribe("news")).await.unwrap();
    std::thread::spawn(move || drop(news)).join().expect("it does not panic");
    assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
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
    let server = serve(both(), Limits::default());
    let good = server.client(layer(both())).await;
    assert_eq!(within(good.request("echo").content("hi")).await.unwrap().content(), "hi");
    // A good stamp and a wrong secret: that is answered.
    let wrong = Chain::new().then(HashcashAuth::new("app", QUICK)).then(HmacAuth::new("guessed"));
    let wrong = server.client(layer(wrong)).await;
    let error = within(wrong.request("echo")).await.unwrap().ok().unwrap_err();
    assert!(matches!(error, RequestError::Auth(_)), "{error}");
    assert!(error.to_string().contains("HMAC auth failed"), "{error}");
    // A right secret and no stamp: that is not.
    let call = server.client(layer(secret())).await;
    let call = call.request("echo").timeout(Duration::from_millis(300));
    assert!(within(call).await.unwrap_err().is_timeout());
    assert_eq!(server.counters().auth_failures(), 2);
}

#[tokio::test]
async fn a_chain_knows_repetitions_by_each_of_its_plugins() {
    let both = || {
        Chain::new()
            .then(HmacAuth::new("the secret of some").field("one"))
            .then(HmacAuth::new("the secret of others").field("two"))
    };
    let server = serve(both(), Limits::default().replay(ReplayMode::Enforce));
    let frame = request(both(), &now());
    server.connect().await.all(&[&frame[..], &frame].concat()).await;
    assert_eq!(server.counters().replays_seen(), 1);
    let (fields, body) = (AuthFields::new(), Body::new("", "").unwrap());
    let context = PluginContext::new(&System, MessageType::Ok, Direction::Incoming);
    let failure = both().check(&fields, &body, &context).unwrap_err();
    assert_eq!(failure, AuthFailure::Missing("ts".into()));
}

#[test]
fn more_work_is_demanded_under_load() {
    let server = HashcashAuth::new("app", 2).under_load(10, 5);
    let demanding = layer(server.clone());
    let now = Clock::at(1_000);
    let context = |direction| PluginContext::new(&now, MessageType::RequestUri, direction);
    let passes = |pays: u8| {
        let mut fields = AuthFields::new();
        let body = Body::new("u", "").unwrap();
        let payer = layer(HashcashAuth::new("app", pays));
        let body = payer.seal(&mut fields, body, &context(Direction::Outgoing)).unwrap();
        demanding.open(&fields, body, &context(Direction::Incoming)).is_ok()
    };
    assert_eq!(server.demanded(), 2);
    (0..10).for_each(|_| assert!(passes(5)));
    assert_eq!(server.demanded(), 3);
    (0..100).for_each(|_| assert!(passes(5)));
    assert_eq!(server.demanded(), 5, "and not more");
    assert!((0..64).any(|_| !passes(2)), "two bits are not enough any more");
}
