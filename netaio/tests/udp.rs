//! UDP nodes on loopback: what they answer, what they must not, and how they know each other.

#![cfg(feature = "hmac")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use netaio::{
    App, AuthFailurePolicy,
    net::{UdpHandle, UdpNodeBuilder, client::RequestError},
    peer::{Peer, PeerEvent, PeerEvents, PeerManagement},
    plugin::Layer,
    prelude::*,
    wire::Frame,
};
use tokio::{net::UdpSocket, sync::Notify, time::timeout};

const LOCAL: &str = "127.0.0.1:0";

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

async fn node(app: &App, change: impl FnOnce(UdpNodeBuilder) -> UdpNodeBuilder) -> UdpHandle {
    node_at(app, LOCAL, change).await
}

async fn node_at(
    app: &App,
    addr: &str,
    change: impl FnOnce(UdpNodeBuilder) -> UdpNodeBuilder,
) -> UdpHandle {
    let builder = change(UdpNode::builder(app.clone()));
    within(builder.bind(addr)).await.unwrap().spawn()
}

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

fn hmac() -> Layer {
    Layer::new().auth(HmacAuth::new("a secret of sixteen"))
}

/// A bare socket, to send what no node would.
struct Stranger {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Stranger {
    async fn new(to: &UdpHandle) -> Self {
        Self { socket: UdpSocket::bind(LOCAL).await.unwrap(), to: to.local_addr() }
    }

    async fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.to).await.unwrap();
    }

    async fn receive(&self) -> (MessageType, Vec<u8>) {
        let mut datagram = vec![0; 65_536];
        let length = within(self.socket.recv(&mut datagram)).await.unwrap();
        datagram.truncate(length);
        let frame = Frame::from_datagram(datagram.into()).unwrap();
        (MessageType::from_code(frame.header.code).unwrap(), frame.body().to_vec())
    }

    fn try_receive(&self) -> Option<usize> {
        self.socket.try_recv(&mut [0; 65_536]).ok()
    }
}

fn message(message_type: MessageType, uri: &str, content: &str) -> Bytes {
    Message::new(message_type, uri, content).unwrap().encode().unwrap()
}

#[tokio::test]
async fn the_same_handlers_answer_over_udp_and_several_calls_run_at_once() {
    let app = echo();
    app.on(MessageType::CreateUri, async |_: Uri| "stored");
    for layer in [Layer::new(), hmac()] {
        let server = node(&app, |builder| builder.layer(layer.clone())).await;
        let client = node(&App::empty(), |builder| builder.layer(layer.clone())).await;
        let to = server.local_addr();
        let calls: Vec<_> = (0..50)
            .map(|number| {
                let call = client.request(to, "echo").content(number.to_string());
                tokio::spawn(async move { (number, call.await) })
            })
            .collect();
        for call in calls {
            // Calls to one uri at once are told apart by their order alone, as over TCP.
            let (_, answer) = within(call).await.unwrap();
            assert_eq!(answer.unwrap().message_type(), MessageType::RespondUri);
        }
        let created = within(client.create(to, "a", "b")).await.unwrap();
        assert_eq!((created.message_type(), created.text().as_ref()), (MessageType::Ok, "stored"));
        let missing = within(client.request(to, "nothing here")).await.unwrap();
        assert_eq!(missing.message_type(), MessageType::NotFound);
        assert!(missing.is_verified());
    }
}

#[tokio::test]
async fn ipv6_and_a_dual_stack_wildcard_answer_too() {
    let app = echo();
    let v6 = node_at(&app, "[::1]:0", |builder| builder).await;
    let client = node_at(&App::empty(), "[::1]:0", |builder| builder).await;
    let answer = within(client.request(v6.local_addr(), "echo").content("six")).await.unwrap();
    assert_eq!(answer.content(), "six");

    // Both families reach a wildcard; what it hears of IPv4 is not mapped.
    let app = App::empty();
    app.on((MessageType::RequestUri, "who"), |from: RemoteAddr| from.to_string());
    let both = node_at(&app, "[::]:0", |builder| builder.no_multicast()).await;
    let port = both.local_addr().port();
    let four = node(&App::empty(), |builder| builder).await;
    let answer = within(four.request(SocketAddr::from(([127, 0, 0, 1], port)), "who")).await;
    assert_eq!(answer.unwrap().text(), four.local_addr().to_string());
    let to = format!("[::1]:{port}").parse().unwrap();
    let answer = within(client.request(to, "who")).await.unwrap();
    assert_eq!(answer.text(), client.local_addr().to_string());
    // And it calls either family.
    let answer = within(both.request(v6.local_addr(), "echo").content("x")).await.unwrap();
    assert_eq!(answer.content(), "x");
    let server = node(&echo(), |builder| builder).await;
    let answer = within(both.request(server.local_addr(), "echo").content("y")).await.unwrap();
    assert_eq!(answer.content(), "y");
}

#[tokio::test]
async fn a_message_that_fits_no_datagram_is_refused_and_the_largest_arrives() {
    let server = node(&echo(), |builder| builder).await;
    let client = node(&App::empty(), |builder| builder).await;
    let largest = vec![7; 65_418];
    let answer = within(client.request(server.local_addr(), "echo").content(&largest)).await;
    assert_eq!(answer.unwrap().content(), &largest);
    let signed = node(&App::empty(), |builder| builder.layer(hmac())).await;
    let error = within(signed.request(server.local_addr(), "echo").content(&largest)).await;
    assert!(matches!(error, Err(RequestError::Send(_))), "{error:?}");
}

#[tokio::test]
async fn u1_what_answers_never_causes_an_answer() {
    let server = node(&echo(), |builder| builder).await;
    let stranger = Stranger::new(&server).await;
    let codes = [1, 8, 10, 11, 12, 13, 20, 23, 24, 25, 30];
    for code in codes {
        let message_type = MessageType::from_code(code).unwrap();
        stranger.send(&message(message_type, "netaio", "x")).await;
        let mut damaged = message(message_type, "netaio", "x").to_vec();
        *damaged.last_mut().unwrap() ^= 1;
        stranger.send(&damaged).await;
    }
    stranger.send(&message(MessageType::RequestUri, "echo", "the end")).await;
    assert_eq!(stranger.receive().await.0, MessageType::RespondUri);
    assert_eq!(stranger.try_receive(), None);
    // The damaged ones would have been told so, had they been requests.
    let (counters, responses) = (server.counters(), codes.len() as u64);
    assert_eq!(counters.replies_suppressed_loop(), responses);
    assert_eq!(counters.rejected_checksum(), responses);

    // Two nodes that each would answer the other's NOT_FOUND stay silent.
    let other = node(&echo(), |builder| builder).await;
    server
        .send(other.local_addr(), Message::new(MessageType::NotFound, "a", "b").unwrap())
        .unwrap();
    let (received, from) = within(other.receive()).await.unwrap();
    assert_eq!((received.message_type(), from), (MessageType::NotFound, server.local_addr()));
    assert_eq!(other.counters().unhandled(), 1);
}

#[tokio::test]
async fn u2_strangers_cause_at_most_three_times_what_they_send() {
    let peer = Peer::new("node").with_data(vec![9; 200]);
    let server =
        node(&echo(), |builder| builder.local_peer(peer).manage_peers(PeerManagement::new())).await;
    let stranger = Stranger::new(&server).await;
    let introduction = |padding: usize| {
        let peer = Peer::new("x").with_data(vec![1; padding]);
        let content = netaio::peer::PeerPlugin::pack(&netaio::peer::PackifyPeers, &peer);
        Message::new(MessageType::AdvertisePeer, "netaio", &content).unwrap().encode().unwrap()
    };
    // Too short for the answer that it asks for; then one that is long enough.
    stranger.send(&introduction(0)).await;
    stranger.send(&introduction(100)).await;
    assert_eq!(stranger.receive().await.0, MessageType::PeerDiscovered);
    assert_eq!(stranger.try_receive(), None);
    assert_eq!(server.counters().replies_suppressed_size(), 1);

    // A flood of requests that nobody answers causes ten NOT_FOUND a second.
    for _ in 0..100 {
        stranger.send(&message(MessageType::DeleteUri, "missing", "")).await;
    }
    stranger.send(&message(MessageType::RequestUri, "echo", "the end")).await;
    let mut errors = 0;
    while stranger.receive().await.0 != MessageType::RespondUri {
        errors += 1;
    }
    assert!(errors <= 20, "{errors} errors");
    assert!(server.counters().replies_suppressed_rate() > 80);
}

#[tokio::test]
async fn u4_garbage_gets_no_answer_and_is_counted() {
    let server = node(&echo(), |builder| builder).await;
    let stranger = Stranger::new(&server).await;
    let good = message(MessageType::RequestUri, "echo", "x");
    let mut longer = good.to_vec();
    longer[4] = 200;
    let mut unknown = good.to_vec();
    unknown[0] = 14;
    for garbage in [&b"x"[..], &good[..5], &good[..good.len() - 1], &longer, &unknown, &[255; 900]]
    {
        stranger.send(garbage).await;
    }
    // Bytes after the message are ignored.
    stranger.send(&[&good[..], b"more"].concat()).await;
    assert_eq!(stranger.receive().await.0, MessageType::RespondUri);
    assert_eq!(stranger.try_receive(), None);
    assert_eq!((server.counters().rejected(), server.counters().rejected_type()), (6, 1));
    assert_eq!(server.counters().rejected_length(), 5);
}

#[tokio::test]
async fn a_wrong_secret_is_the_probable_cause_of_a_timeout() {
    let server = node(&echo(), |builder| builder.layer(hmac())).await;
    let wrong = Layer::new().auth(HmacAuth::new("not that secret at all"));
    let client = node(&App::empty(), |builder| builder.layer(wrong)).await;
    let call = client.request(server.local_addr(), "echo").timeout(Duration::from_millis(300));
    let error = within(call).await.unwrap_err();
    assert!(error.is_timeout());
    assert!(error.to_string().ends_with("meanwhile came AUTH_ERROR: HMAC auth failed"), "{error}");

    let silent =
        node(&echo(), |builder| builder.layer(hmac()).on_auth_failure(AuthFailurePolicy::Drop))
            .await;
    let stranger = Stranger::new(&silent).await;
    stranger.send(&message(MessageType::RequestUri, "echo", "x")).await;
    let friend = node(&App::empty(), |builder| builder.layer(hmac())).await;
    within(friend.request(silent.local_addr(), "echo")).await.unwrap();
    assert_eq!(stranger.try_receive(), None);
}

#[tokio::test]
async fn a_one_time_handler_outlives_a_strangers_attempt() {
    let app = App::empty();
    app.once((MessageType::DeleteUri, "x"), || "once");
    app.on(MessageType::DeleteUri, || "always");
    let server = node(&app, |builder| builder.layer(hmac())).await;
    let stranger = Stranger::new(&server).await;
    stranger.send(&message(MessageType::DeleteUri, "x", "")).await;
    assert_eq!(stranger.receive().await.0, MessageType::AuthError);
    let friend = node(&App::empty(), |builder| builder.layer(hmac())).await;
    let to = server.local_addr();
    assert_eq!(within(friend.delete(to, "x")).await.unwrap().text(), "once");
    assert_eq!(within(friend.delete(to, "x")).await.unwrap().text(), "always");
}

/// Passes datagrams on between a client and a server, and drops what it is told to.
async fn lossy_relay(
    to: SocketAddr,
    mut drop: impl FnMut(usize, bool) -> bool + Send + 'static,
) -> SocketAddr {
    let (near, far) =
        (UdpSocket::bind(LOCAL).await.unwrap(), UdpSocket::bind(LOCAL).await.unwrap());
    far.connect(to).await.unwrap();
    let addr = near.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut there, mut back, mut client) = (vec![0; 65_536], vec![0; 65_536], None);
        for number in 0.. {
            tokio::select! {
                Ok((length, from)) = near.recv_from(&mut there) => {
                    client = Some(from);
                    if !drop(number, true) {
                        far.send(&there[..length]).await.unwrap();
                    }
                }
                Ok(length) = far.recv(&mut back) => {
                    if let Some(client) = client && !drop(number, false) {
                        near.send_to(&back[..length], client).await.unwrap();
                    }
                }
            }
        }
    });
    addr
}

#[tokio::test]
async fn a_lost_answer_is_repeated_without_running_the_handler_again() {
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, gate) = (Arc::clone(&runs), Arc::new(Notify::new()));
    let app = App::empty();
    app.on((MessageType::CreateUri, "plain"), move || {
        format!("run {}", counted.fetch_add(1, Ordering::Relaxed) + 1)
    });
    let open = Arc::clone(&gate);
    app.on((MessageType::CreateUri, "slow"), move || {
        let open = Arc::clone(&open);
        async move {
            open.notified().await;
            "done"
        }
    });
    let server = node(&app, |builder| builder.layer(hmac())).await;
    // The first two answers are lost.
    let mut lost = 0;
    let relay = lossy_relay(server.local_addr(), move |_, there| {
        lost += usize::from(!there);
        !there && lost <= 2
    })
    .await;
    let client = node(&App::empty(), |builder| builder.layer(hmac())).await;
    let again = |call: netaio::net::UdpCall| call.retransmit(50, Duration::from_millis(20));
    let answer = within(again(client.create(relay, "plain", "x"))).await.unwrap();
    assert_eq!(answer.text(), "run 1");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert!(server.counters().repeats_answered() >= 2);

    // While the handler runs, what comes again is not handled either.
    let call = tokio::spawn(again(client.create(relay, "slow", "x")).into_future());
    within(async {
        while server.counters().repeats_answered() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gate.notify_one();
    assert_eq!(within(call).await.unwrap().unwrap().text(), "done");

    // Two calls that are meant are two runs.
    let answer = within(client.create(relay, "plain", "x")).await.unwrap();
    assert_eq!(answer.text(), "run 2");
}

#[tokio::test]
async fn without_a_nonce_only_what_is_harmless_twice_is_sent_again() {
    let server = node(&App::empty(), |builder| builder).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let relay = lossy_relay(server.local_addr(), move |_, there| {
        count.fetch_add(usize::from(there), Ordering::Relaxed);
        true
    })
    .await;
    let client = node(&App::empty(), |builder| builder.timeout(Duration::from_millis(400))).await;
    let again = |call: netaio::net::UdpCall| call.retransmit(3, Duration::from_millis(10));
    within(again(client.create(relay, "x", "y"))).await.unwrap_err();
    assert_eq!(sent.swap(0, Ordering::Relaxed), 1);
    within(again(client.request(relay, "x"))).await.unwrap_err();
    assert_eq!(sent.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn subscribers_by_address_are_notified_until_they_leave() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    app.on(MessageType::UnsubscribeUri, |uri: Uri, peer: Connection| peer.unsubscribe(uri));
    let server = node(&app, |builder| builder.layer(hmac())).await;
    let reader = node(&App::empty(), |builder| builder.layer(hmac())).await;
    let to = server.local_addr();
    let confirmed = within(reader.subscribe(to, "news")).await.unwrap();
    assert_eq!(confirmed.message_type(), MessageType::ConfirmSubscribe);
    within(reader.subscribe(to, "news")).await.unwrap();
    assert_eq!(server.subscriptions().get(&b"news"[..]), Some(&1));
    assert_eq!(server.notify("news", [7; 200]), Ok(1));
    let (message, from) = within(reader.receive()).await.unwrap();
    assert_eq!((message.uri(), message.content(), from), (&b"news"[..], &[7; 200][..], to));
    assert!(message.into_content().is_unique(), "who keeps it keeps nothing else");
    within(reader.call(to, MessageType::UnsubscribeUri, "news")).await.unwrap();
    assert_eq!(server.notify("news", "hello"), Ok(0));
}

/// Waits for the event that a peer with this id was discovered or lost.
async fn next(events: &mut PeerEvents, id: &str, lost: bool) -> Arc<Peer> {
    loop {
        match within(events.next()).await.expect("the node runs") {
            PeerEvent::Discovered(peer) if !lost && peer.id() == id => return peer,
            PeerEvent::Lost(peer) if lost && peer.id() == id => return peer,
            _ => {}
        }
    }
}

#[tokio::test]
async fn peers_find_each_other_by_a_seed_and_take_leave() {
    let app = echo();
    app.on((MessageType::RequestUri, "me"), |peer: Option<Peer>| {
        peer.map_or("nobody".into(), |peer| String::from_utf8_lossy(peer.id()).into_owned())
    });
    for layer in [Layer::new(), hmac()] {
        let management = || PeerManagement::new().auth(HmacAuth::new("of the peers").field("p"));
        let a = node(&app, |builder| {
            builder.layer(layer.clone()).local_peer(Peer::new("a")).manage_peers(management())
        })
        .await;
        let mut events = a.peers().events();
        let b = node(&app, |builder| {
            builder
                .layer(layer.clone())
                .local_peer(Peer::new("b").with("name", "Bob").unwrap())
                .seeds([a.local_addr()])
        })
        .await;
        let mut events_b = b.peers().events();
        assert_eq!(within(b.request(a.local_addr(), "me")).await.unwrap().text(), "nobody");
        b.peers().manage(management());
        let found = next(&mut events, "b", false).await;
        assert_eq!(found.get("name").unwrap().as_str(), Some("Bob"));
        assert_eq!(found.addrs(), [RemoteAddr::from(b.local_addr())]);
        next(&mut events_b, "a", false).await;
        assert_eq!(within(b.request(a.local_addr(), "me")).await.unwrap().text(), "b");
        assert_eq!(b.broadcast(Message::new(MessageType::NotifyUri, "x", "y").unwrap()), Ok(1));
        assert_eq!(within(a.receive()).await.unwrap().0.uri(), b"x");

        // Another app id is another network.
        let other = node(&app, |builder| {
            builder
                .layer(layer.clone())
                .local_peer(Peer::new("other"))
                .seeds([a.local_addr()])
                .manage_peers(PeerManagement::new().app_id("elsewhere"))
        })
        .await;
        within(other.request(a.local_addr(), "echo")).await.unwrap();
        assert_eq!(a.peers().all().len(), 1);

        b.shutdown();
        next(&mut events, "b", true).await;
        assert!(a.peers().get("b").is_none() && a.peers().at(b.local_addr()).is_none());
    }
}

#[tokio::test]
async fn a_peer_that_is_killed_is_lost_after_the_timeout() {
    let quick =
        || PeerManagement::new().every(Duration::from_millis(50)).timeout(Duration::from_secs(1));
    let a = node(&echo(), |builder| builder.local_peer(Peer::new("a")).manage_peers(quick())).await;
    let mut events = a.peers().events();
    let builder = UdpNode::builder(echo())
        .local_peer(Peer::new("b"))
        .seeds([a.local_addr()])
        .manage_peers(quick());
    let b = within(builder.bind(LOCAL)).await.unwrap();
    let task = tokio::spawn(b.run_until(std::future::pending()));
    next(&mut events, "b", false).await;
    task.abort();
    next(&mut events, "b", true).await;
    assert!(a.peers().all().is_empty());
}

#[tokio::test]
async fn a_call_on_a_stopped_node_says_so() {
    let server = node(&echo(), |builder| builder).await;
    let client = node(&App::empty(), |builder| builder).await;
    let silent = UdpSocket::bind(LOCAL).await.unwrap();
    let waiting = tokio::spawn(client.request(silent.local_addr().unwrap(), "x").into_future());
    within(silent.recv(&mut [0; 1_000])).await.unwrap();
    client.shutdown();
    assert!(within(waiting).await.unwrap().unwrap_err().is_closed());
    assert!(within(client.request(server.local_addr(), "echo")).await.unwrap_err().is_closed());
}

#[tokio::test]
async fn a_crowd_of_peers_is_advertised_to_bit_by_bit_and_completely() {
    let mut crowd = Vec::new();
    for _ in 0..150 {
        crowd.push(within(UdpSocket::bind(LOCAL)).await.unwrap());
    }
    let node = node(&echo(), |node| node.no_multicast().local_peer(Peer::new("the node"))).await;
    for (number, socket) in crowd.iter().enumerate() {
        let addr = socket.local_addr().unwrap();
        node.peers().add(Peer::new(number.to_string()), addr).unwrap();
    }
    node.peers().manage(PeerManagement::new().every(Duration::from_secs(3_600)));
    for socket in &crowd {
        let mut datagram = [0; 1_024];
        let length = within(socket.recv(&mut datagram)).await.unwrap();
        let frame = Frame::from_datagram(Bytes::copy_from_slice(&datagram[..length])).unwrap();
        assert_eq!(frame.header.code, MessageType::AdvertisePeer.code());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nodes_that_share_a_port_share_the_senders() {
    let nth = |name: &'static str| {
        let app = App::empty();
        app.on(MessageType::RequestUri, move || name);
        app
    };
    let share = |node: UdpNodeBuilder| node.reuse_port(true);
    let first = node(&nth("first"), share).await;
    let addr = first.local_addr();
    let _second = node_at(&nth("second"), &addr.to_string(), share).await;
    assert!(within(UdpNode::builder(nth("not asked")).bind(addr)).await.is_err());
    let mut answers = Vec::new();
    // That all of 64 come to the same is less likely than that the machine breaks.
    for _ in 0..64 {
        let stranger = Stranger::new(&first).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            stranger.send(&message(MessageType::RequestUri, "u", "")).await;
            seen.push(stranger.receive().await.1);
        }
        assert_eq!(seen[0], seen[1], "a sender always comes to the same");
        answers.push(seen.remove(0));
    }
    assert!(answers.iter().any(|answer| answer.ends_with(b"first")));
    assert!(answers.iter().any(|answer| answer.ends_with(b"second")));
}
