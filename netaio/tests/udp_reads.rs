//! What a UDP node does with many datagrams at once: it reads them together, and answers together.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

use netaio::{
    App,
    net::UdpHandle,
    plugin::{Layer, Proof, check},
    prelude::*,
    wire::Frame,
};
use tokio::{task::yield_now, time::timeout};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

async fn node(app: &App, layer: Layer) -> UdpHandle {
    let builder = UdpNode::builder(app.clone()).layer(layer);
    let node = within(builder.bind("127.0.0.1:0")).await.unwrap().spawn();
    // It has been asked once, so it waits for more.
    let client = Client::new(&node);
    client.ask("ready", "");
    assert_eq!(client.answer().await.0, MessageType::NotFound);
    node
}

/// A bare socket. What it sends while nothing is awaited, a node of the same thread reads together.
struct Client {
    send: UdpSocket,
    receive: tokio::net::UdpSocket,
}

impl Client {
    fn new(to: &UdpHandle) -> Self {
        Self::to(to.local_addr())
    }

    fn to(to: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(to).unwrap();
        socket.set_nonblocking(true).unwrap();
        let send = socket.try_clone().unwrap();
        Self { send, receive: tokio::net::UdpSocket::from_std(socket).unwrap() }
    }

    fn ask(&self, uri: &str, content: &str) {
        let message = Message::new(MessageType::RequestUri, uri, content).unwrap();
        let datagram = message.encode().unwrap();
        self.send.send(&datagram).unwrap();
    }

    async fn answer(&self) -> (MessageType, String) {
        let mut datagram = vec![0; 65_536];
        let length = within(self.receive.recv(&mut datagram)).await.unwrap();
        datagram.truncate(length);
        let frame = Frame::from_datagram(datagram.into()).unwrap();
        assert!(frame.checksum_matches());
        let kind = MessageType::from_code(frame.header.code).unwrap();
        let body = netaio::wire::Body::decode(frame.into_body()).unwrap();
        (kind, String::from_utf8(body.content().to_vec()).unwrap())
    }
}

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

#[tokio::test]
async fn answers_to_several_clients_arrive_complete_and_in_order() {
    let node = node(&echo(), Layer::new()).await;
    let clients = [(); 5].map(|()| Client::new(&node));
    let content = |client: usize, number: usize| {
        // Several of one size, then another: some are cut out of one piece, others are not.
        let length = [1, 1, 1, 100, 100, 3, 2_000, 4, 4, 30, 30, 900][number / 3 % 12];
        format!("{client}/{number}/{}", "x".repeat(length))
    };
    for number in 0..40 {
        for (which, client) in clients.iter().enumerate() {
            // The first one asks three times as much, in a row.
            for part in 0..if which == 0 { 3 } else { 1 } {
                client.ask("echo", &content(which, number * 3 + part));
            }
        }
    }
    for (which, client) in clients.iter().enumerate() {
        for number in 0..40 {
            for part in 0..if which == 0 { 3 } else { 1 } {
                let answer = client.answer().await;
                assert_eq!(answer, (MessageType::RespondUri, content(which, number * 3 + part)));
            }
        }
    }
    assert_eq!(node.counters().failed_replies(), 0);
}

#[tokio::test]
async fn a_node_that_is_bound_to_all_addresses_answers_from_the_one_that_was_asked() {
    let builder = UdpNode::builder(echo()).no_multicast();
    let node = within(builder.bind("0.0.0.0:0")).await.unwrap().spawn();
    let port = node.local_addr().port();
    // These take only what comes from the address that they ask.
    let clients = [1, 2, 3].map(|host| Client::to(([127, 0, 0, host], port).into()));
    for client in &clients {
        client.ask("echo", "ready");
        assert_eq!(client.answer().await.1, "ready");
    }
    for number in 0..30 {
        for _ in 0..1 + number % 3 {
            clients[number % 3].ask("echo", &number.to_string());
        }
    }
    for number in 0..30 {
        for _ in 0..1 + number % 3 {
            assert_eq!(clients[number % 3].answer().await.1, number.to_string());
        }
    }
}

#[tokio::test]
async fn what_a_handler_sends_itself_keeps_its_place_among_the_answers() {
    let app = echo();
    app.on((MessageType::RequestUri, "send"), |connection: Connection, content: Content| {
        let message = Message::new(MessageType::NotifyUri, "sent", &content).unwrap();
        connection.send(message).unwrap();
        content
    });
    app.on((MessageType::RequestUri, "notify"), |endpoint: Endpoint, content: Content| {
        endpoint.notify("all", &content).unwrap();
        content
    });
    app.on(MessageType::SubscribeUri, |uri: Uri, connection: Connection| connection.subscribe(uri));
    let node = node(&app, Layer::new()).await;
    let client = Client::new(&node);
    let message = Message::new(MessageType::SubscribeUri, "all", "").unwrap();
    client.send.send(&message.encode().unwrap()).unwrap();
    assert_eq!(client.answer().await.0, MessageType::ConfirmSubscribe);
    let uris = ["echo", "echo", "send", "notify", "echo"];
    for number in 0..30 {
        client.ask(uris[number % 5], &number.to_string());
    }
    for number in 0..30 {
        let content = number.to_string();
        if ["send", "notify"].contains(&uris[number % 5]) {
            assert_eq!(client.answer().await, (MessageType::NotifyUri, content.clone()));
        }
        assert_eq!(client.answer().await, (MessageType::RespondUri, content));
    }
}

#[tokio::test]
async fn a_handler_that_panics_closes_or_stops_the_node_keeps_no_answer_back() {
    let app = echo();
    app.on((MessageType::RequestUri, "boom"), || -> () { panic!("it was asked for") });
    app.on((MessageType::RequestUri, "close"), |connection: Connection| {
        connection.close();
        "closed"
    });
    let (stop, stopper) = mpsc::channel::<UdpHandle>();
    let stopper = std::sync::Mutex::new(stopper);
    app.on((MessageType::RequestUri, "stop"), move || {
        stopper.lock().unwrap().recv().unwrap().shutdown();
        "stopped"
    });
    let node = node(&app, Layer::new()).await;
    stop.send(node.clone()).unwrap();
    let client = Client::new(&node);
    let uris = ["echo", "boom", "echo", "close", "echo", "stop", "echo"];
    uris.iter().for_each(|uri| client.ask(uri, "content"));
    let expected = ["content", "internal error", "content", "closed", "content", "stopped"];
    for expected in expected.into_iter().chain(["content"]) {
        assert_eq!(client.answer().await.1, expected);
    }
}

#[tokio::test]
async fn a_plugin_that_panics_keeps_no_answer_back() {
    let outer = check("fussy", |_, body, _| {
        assert_ne!(body.uri(), b"die");
        Ok(Proof::anonymous())
    });
    let node = node(&echo(), Layer::new().auth(outer)).await;
    let client = Client::new(&node);
    ["echo", "echo", "die"].iter().for_each(|uri| client.ask(uri, "content"));
    for _ in 0..2 {
        assert_eq!(client.answer().await.1, "content");
    }
}

/// A node that never runs out of datagrams.
#[test]
fn others_have_their_turn_while_there_is_always_something_to_read() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = App::empty();
            let reads = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&reads);
            app.on(MessageType::NotifyUri, move |connection: Connection| {
                count.fetch_add(1, Relaxed);
                let again = Message::new(MessageType::NotifyUri, "again", "").unwrap();
                connection.send(again).unwrap();
            });
            let node = UdpNode::builder(app).bind("127.0.0.1:0").await.unwrap();
            let (itself, handle) = (node.local_addr(), node.handle());
            let running = tokio::spawn(node.run_until(std::future::pending()));
            let again = Message::new(MessageType::NotifyUri, "again", "").unwrap();
            (0..40).for_each(|_| handle.send(itself, again.clone()).unwrap());
            for turn in 1..100 {
                while reads.load(Relaxed) < turn * 100 {
                    yield_now().await;
                }
            }
            handle.shutdown();
            running.await.unwrap();
        });
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(60)).expect("in time");
}
