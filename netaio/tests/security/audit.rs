//! The audit of the original, security part: for each finding what ours does. The numbers are the
//! audit's.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use netaio::{
    App, AuthFailureAction, AuthFailurePolicy, BroadcastScope, Limits,
    handler::Reply,
    net::UdpNode,
    peer::{PackifyPeers, Peer, PeerManagement, PeerPlugin},
    plugin::{
        AuthFailure, AuthPlugin, Binding, Chain, Direction, HashcashAuth, HmacAuth, Layer,
        PeerView, PluginContext, Sha256StreamCipher, System,
    },
    prelude::*,
    wire::{
        AuthFields, AuthLimits, Body, Frame, encode_frame,
        packify::{Value, encode},
    },
};
use tokio::net::UdpSocket;

use crate::common::{Clock, Server, reencoded, retyped, seal, within};

const NOW: u64 = 1_000_000;

fn secret() -> Layer {
    Layer::new().auth(HmacAuth::new("a secret of sixteen"))
}

fn inner() -> Layer {
    Layer::new().auth(HmacAuth::new("the inner secret").field("hmac2"))
}

/// An app that deletes, guarded by a layer, and counts it.
fn deleting(guard: Layer) -> (App, Arc<AtomicUsize>) {
    let (app, deleted) = (App::empty(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&deleted);
    app.on_with(MessageType::DeleteUri, guard, move |_: Uri| {
        count.fetch_add(1, SeqCst);
        "deleted"
    });
    app.on(MessageType::RequestUri, |content: Content| content);
    (app, deleted)
}

fn frame(kind: MessageType, uri: &str, content: impl AsRef<[u8]>) -> Bytes {
    Message::new(kind, uri, content).unwrap().encode().unwrap()
}

/// Puts other fields or another body into a frame.
fn forged(fields: &AuthFields, body: &Body, kind: MessageType) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    encode_frame(kind.code(), fields, body.encoded(), &mut out).unwrap();
    out.to_vec()
}

fn parts(frame: &[u8]) -> (AuthFields, Body) {
    let frame = Frame::decode(&mut Bytes::copy_from_slice(frame)).unwrap();
    let fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
    (fields, Body::decode(frame.into_body()).unwrap())
}

#[tokio::test]
async fn audit_01_no_answer_of_a_policy_skips_an_inner_check() {
    let silent = AuthFailurePolicy::ask(|_| AuthFailureAction::Reply(Some(Reply::none())));
    for policy in [AuthFailurePolicy::Reply, AuthFailurePolicy::Drop, silent] {
        let (app, deleted) = deleting(inner());
        let server = Server::new(app, |builder| builder.layer(secret()).on_auth_failure(policy));
        let clock = Clock::at(now());
        let mut connection = server.connect().await;
        let unsigned = seal(&secret(), &clock, MessageType::DeleteUri, "u");
        let request = seal(&secret(), &clock, MessageType::RequestUri, "u");
        let answers = connection.ask(&[unsigned, request].concat()).await;
        drop(answers);
        assert_eq!(deleted.load(SeqCst), 0);
        assert_eq!(server.counters().auth_failures(), 1);
    }
}

#[test]
fn audit_02_no_byte_moves_between_time_and_body() {
    let plugin = HmacAuth::new("a secret of sixteen");
    let context = PluginContext::new(&System, MessageType::CreateUri, Direction::Incoming);
    let genuine = seal(&secret(), &Clock::at(NOW), MessageType::CreateUri, "u");
    let (mut fields, body) = parts(&genuine);
    // ts || body is what the MAC covers: here the body's first bytes are given to ts.
    let ts = fields.get("ts").unwrap().bytes().unwrap().to_vec();
    let (moved, rest) = body.encoded().split_at(1);
    fields.set("ts", &[&ts[..], moved].concat());
    let rest = Body::decode(Bytes::copy_from_slice(rest));
    let body = rest.unwrap_or(body);
    let checked = plugin.check(&fields, &body, &context);
    assert_eq!(checked, Err(AuthFailure::Malformed("ts".into())));
    fields.set("ts", &ts[..2]);
    let checked = plugin.check(&fields, &body, &context);
    assert_eq!(checked, Err(AuthFailure::Malformed("ts".into())));
}

#[tokio::test]
async fn audit_03_the_type_is_authentic_with_the_binding_mac() {
    let bound =
        || Layer::new().auth(HmacAuth::new("a secret of sixteen").binding(Binding::Require));
    for (layer, deletes) in [(secret(), 1), (bound(), 0)] {
        let (app, deleted) = deleting(Layer::new());
        let clock = Clock::at(NOW);
        let server =
            Server::new(app, |builder| builder.layer(layer.clone()).environment(clock.clone()));
        // Caught on its way, so that the endpoint has not seen it.
        let request = seal(&layer, &clock, MessageType::RequestUri, "u");
        server.connect().await.ask(&retyped(&request, MessageType::DeleteUri)).await;
        assert_eq!(deleted.load(SeqCst), deletes, "on the original's wire there is no room for it");
    }
}

#[tokio::test]
async fn audit_04_a_repeated_message_changes_nothing_again() {
    let (app, deleted) = deleting(Layer::new());
    let clock = Clock::at(NOW);
    let server = Server::new(app, |builder| builder.layer(secret()).environment(clock.clone()));
    let mut connection = server.connect().await;
    let now = seal(&secret(), &clock, MessageType::DeleteUri, "u");
    let old = seal(&secret(), &Clock::at(1), MessageType::DeleteUri, "u");
    assert_eq!(connection.kind(&now).await, MessageType::Ok);
    assert_eq!(connection.kind(&now).await, MessageType::AuthError);
    assert_eq!(connection.kind(&old).await, MessageType::AuthError);
    assert_eq!(deleted.load(SeqCst), 1);
}

#[tokio::test]
async fn audit_05_a_changed_iv_calls_no_handler() {
    let layer = |binding| {
        let auth = HmacAuth::new("a secret of sixteen").binding(binding);
        Layer::new().auth(auth).cipher(Sha256StreamCipher::new("a key of some length"))
    };
    let layer = layer(Binding::Require);
    let (app, deleted) = deleting(Layer::new());
    let clock = Clock::at(NOW);
    let server =
        Server::new(app, |builder| builder.layer(layer.clone()).environment(clock.clone()));
    let (mut fields, body) = parts(&seal(&layer, &clock, MessageType::DeleteUri, "u"));
    fields.set("iv", &[7; 16]);
    let changed = forged(&fields, &body, MessageType::DeleteUri);
    assert_eq!(server.connect().await.kind(&changed).await, MessageType::AuthError);
    assert_eq!(deleted.load(SeqCst), 0);
}

#[tokio::test]
async fn audit_06_an_answer_that_is_sent_back_is_no_request() {
    let (app, deleted) = deleting(Layer::new());
    let clock = Clock::at(NOW);
    let server = Server::new(app, |builder| builder.layer(secret()).environment(clock.clone()));
    let mut connection = server.connect().await;
    let answer = connection.ask(&seal(&secret(), &clock, MessageType::RequestUri, "u")).await;
    let reflected = retyped(&reencoded(&answer), MessageType::DeleteUri);
    assert_eq!(connection.kind(&reflected).await, MessageType::AuthError);
    assert_eq!(deleted.load(SeqCst), 0);
}

#[tokio::test]
async fn audit_07_a_live_id_is_neither_taken_over_nor_removed_by_another() {
    let app = App::empty();
    app.on(MessageType::RequestUri, || "here");
    let server = Server::new(app, |builder| builder.manage_peers(PeerManagement::new()));
    let claim = |data: &'static str, kind| {
        frame(kind, "netaio", PackifyPeers.pack(&Peer::new("alice").with_data(data)))
    };
    let (mut owner, mut thief) = (server.connect().await, server.connect().await);
    let advertised = claim("her key", MessageType::AdvertisePeer);
    assert_eq!(owner.kind(&advertised).await, MessageType::PeerDiscovered);
    for kind in [MessageType::AdvertisePeer, MessageType::Disconnect] {
        let stolen = claim("another key", kind);
        let request = frame(MessageType::RequestUri, "u", "");
        within(thief.ask(&[stolen, request].concat())).await;
    }
    let known = server.handle.peers().get("alice").unwrap();
    assert_eq!((&known.data()[..], known.addrs().len()), (&b"her key"[..], 1));
}

/// The finding is about the locks that peers bring; `tests/tapescript` has the test of those. The
/// other plugins take nothing from a peer's data but the key to which a box is addressed.
#[test]
fn audit_08_no_peer_says_by_what_it_is_checked() {
    let data = encode(&Value::Dict(vec![
        ("lock".into(), Value::Bytes(vec![1].into())),
        ("secret".into(), Value::Bytes("the stranger's secret".into())),
    ]));
    let data = data.unwrap();
    let stranger = PeerView { id: b"stranger", data: &data };
    let kind = MessageType::CreateUri;
    let known = |direction| PluginContext::new(&System, kind, direction).with_peer(stranger);
    let body = Body::new("u", "").unwrap();
    let demanded =
        Chain::new().then(HashcashAuth::new("app", 2)).then(HmacAuth::new("a secret of sixteen"));
    let offered =
        Chain::new().then(HashcashAuth::new("app", 2)).then(HmacAuth::new("the stranger's secret"));
    let mut fields = AuthFields::new();
    offered.make(&mut fields, &body, &known(Direction::Outgoing)).unwrap();
    let checked = demanded.check(&fields, &body, &known(Direction::Incoming));
    assert_eq!(checked, Err(AuthFailure::Mismatch));
    assert!(offered.check(&fields, &body, &known(Direction::Incoming)).is_ok());
}

#[tokio::test]
async fn audit_09_a_failed_check_uses_no_one_time_handler_up() {
    let app = App::empty();
    app.once_with(MessageType::CreateUri, inner(), || "once");
    let server = Server::new(app, |builder| builder);
    let mut connection = server.connect().await;
    let stranger = frame(MessageType::CreateUri, "u", "");
    assert_eq!(connection.kind(&stranger).await, MessageType::AuthError);
    assert_eq!(server.counters().once_preserved(), 1);
    let clock = Clock::at(now());
    let friend = seal(&inner(), &clock, MessageType::CreateUri, "u");
    assert_eq!(connection.kind(&friend).await, MessageType::Ok);
}

#[tokio::test]
async fn audit_10_a_datagram_of_a_response_type_causes_none() {
    let node = UdpNode::builder(App::empty());
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(node.local_addr()).await.unwrap();
    let responses = (0..=30).filter_map(MessageType::from_code).filter(|kind| kind.is_response());
    for kind in responses {
        let good = frame(kind, "u", "");
        let mut damaged = good.to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        within(socket.send(&good)).await.unwrap();
        within(socket.send(&damaged)).await.unwrap();
    }
    // Datagrams over loopback keep their order, so the first answer is to the request.
    within(socket.send(&frame(MessageType::RequestUri, "the end", ""))).await.unwrap();
    let mut answer = [0; 1_024];
    let length = within(socket.recv(&mut answer)).await.unwrap();
    assert_eq!(MessageType::from_code(answer[0]), Some(MessageType::NotFound));
    assert!(answer[..length].windows(7).any(|bytes| bytes == b"the end"));
}

#[tokio::test]
async fn audit_11_a_broadcast_can_be_kept_to_those_who_proved_themselves() {
    for (scope, reached) in [(BroadcastScope::All, 2), (BroadcastScope::Authenticated, 1)] {
        let app = App::empty();
        app.on(MessageType::RequestUri, || "here");
        let limits = Limits::default().broadcast_scope(scope);
        let server = Server::new(app, |builder| builder.layer(secret()).limits(limits));
        let mut stranger = server.connect().await;
        let refused = stranger.kind(&frame(MessageType::RequestUri, "u", "")).await;
        assert_eq!(refused, MessageType::AuthError);
        let friend = server.client(secret()).await;
        within(friend.request("u")).await.unwrap().ok().unwrap();
        let news = Message::new(MessageType::NotifyUri, "news", "").unwrap();
        assert_eq!(server.handle.endpoint().broadcast(news).unwrap(), reached, "{scope:?}");
    }
}

#[tokio::test]
async fn audit_12_what_a_connection_can_take_up_is_bounded() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    let limits = Limits::default().max_subscriptions(8).max_bad_frames(2);
    let server = Server::new(app, |builder| builder.limits(limits));
    let mut connection = server.connect().await;
    let mut kinds = Vec::new();
    for number in 0..10 {
        let subscribe = frame(MessageType::SubscribeUri, &number.to_string(), "");
        kinds.push(connection.kind(&subscribe).await);
    }
    assert_eq!(
        kinds[7..],
        [MessageType::ConfirmSubscribe, MessageType::NotPermitted, MessageType::NotPermitted]
    );
    let mut damaged = frame(MessageType::RequestUri, "u", "").to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let answers = connection.all(&damaged.repeat(5)).await;
    let errors = answers.windows(15).filter(|bytes| bytes == b"invalid message").count();
    assert_eq!(errors, 2, "then the connection is closed");
}

#[tokio::test]
async fn audit_13_a_subscriber_that_stalls_delays_no_publisher() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    let limits = Limits::default().outbound_limit(64 * 1024);
    let server = Server::new(app, |builder| builder.limits(limits));
    let mut stalled = server.connect().await;
    let subscribe = frame(MessageType::SubscribeUri, "news", "");
    assert_eq!(stalled.kind(&subscribe).await, MessageType::ConfirmSubscribe);
    let endpoint = server.handle.endpoint();
    // Nobody reads, and nobody waits for that: after its limit the subscriber is cut.
    for _ in 0..100 {
        endpoint.notify("news", [0; 8_000]).unwrap();
    }
    assert_eq!(server.counters().slow_consumers(), 1);
}

fn now() -> u64 {
    netaio::plugin::Environment::unix_time(&System)
}
