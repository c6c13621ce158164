//! What is sent to many: sealed once for all, or once for each where a layer depends on the receiver.

#![cfg(feature = "asymmetric")]

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use netaio::{
    App,
    net::{ServerHandle, UdpHandle, memory},
    peer::{Peer, PeerManagement},
    plugin::{AuthError, AuthFailure, AuthPlugin, Layer, PluginContext, Proof, X25519Cipher},
    prelude::*,
    wire::{AuthFields, Body, Frame, TypeSet},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

/// Writes on each message whom it is for, and counts how many notifications it wrote on.
#[derive(Debug, Clone)]
struct Addressed {
    is_peer_specific: bool,
    made: Arc<AtomicUsize>,
}

impl AuthPlugin for Addressed {
    fn name(&self) -> &str {
        "addressed"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        _: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        fields.set("for", context.peer().map_or(b"anybody", |peer| peer.id));
        if context.message_type() == MessageType::NotifyUri {
            self.made.fetch_add(1, SeqCst);
        }
        Ok(())
    }

    fn check(&self, _: &AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<Proof, AuthFailure> {
        Ok(Proof::anonymous())
    }

    fn is_peer_specific(&self) -> bool {
        self.is_peer_specific
    }
}

#[tokio::test]
async fn a_server_seals_for_each_peer_only_where_a_layer_needs_it() {
    for is_peer_specific in [true, false] {
        let plugin = Addressed { is_peer_specific, made: Arc::default() };
        let app = App::empty();
        app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
        let (listener, connector) = memory::network();
        let server = TcpServer::builder(app).auth(plugin.clone());
        let server = server.manage_peers(PeerManagement::new()).listen(listener).unwrap();
        let handle = server.handle();
        tokio::spawn(server.run_until(std::future::pending()));
        let mut clients = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let stream = within(connector.connect()).await.unwrap();
            let client = TcpClient::builder()
                .auth(plugin.clone())
                .local_peer(Peer::new(name))
                .manage_peers(PeerManagement::new())
                .connect_stream(stream);
            let news = within(client.subscribe("news")).await.unwrap();
            clients.push((name, client, news));
        }
        assert_eq!(handle.endpoint().notify("news", [7; 200]).unwrap(), 3);
        let broadcast = Message::new(MessageType::NotifyUri, "other news", [8; 200]).unwrap();
        assert_eq!(handle.endpoint().broadcast(broadcast).unwrap(), 3);
        for (name, client, news) in &mut clients {
            let expected = if is_peer_specific { name.as_bytes() } else { b"anybody" };
            for message in [within(news.next()).await, within(client.receive()).await.ok()] {
                let message = message.unwrap();
                let written = message.auth_fields().get("for").unwrap();
                assert_eq!(written.bytes(), Some(expected), "{name}");
                assert!(message.into_content().is_unique(), "who keeps it keeps nothing else");
            }
        }
        assert_eq!(plugin.made.load(SeqCst), if is_peer_specific { 6 } else { 2 });
    }
}

/// A node whose every message is in a box for its receiver.
async fn boxed(seed: u8) -> (UdpHandle, Peer) {
    let cipher = X25519Cipher::new(&[seed; 32]);
    let peer = Peer::new(vec![seed]).with("pubkey", cipher.public_key().to_vec()).unwrap();
    let node = UdpNode::builder(App::empty()).layer(Layer::new().cipher(cipher));
    (within(node.bind("127.0.0.1:0")).await.unwrap().spawn(), peer)
}

#[tokio::test]
async fn a_broadcast_reaches_several_peers_in_boxes_of_their_own() {
    let (sender, sender_peer) = boxed(1).await;
    let mut receivers = Vec::new();
    for seed in 2..6 {
        let (receiver, peer) = boxed(seed).await;
        // They know each other's keys by other means: a box can't be introduced in a box.
        sender.peers().add(peer, receiver.local_addr()).unwrap();
        receiver.peers().add(sender_peer.clone(), sender.local_addr()).unwrap();
        receivers.push(receiver);
    }
    // One without a key keeps nobody else from the message.
    sender
        .peers()
        .add(Peer::new("no key"), "127.0.0.1:9".parse::<std::net::SocketAddr>().unwrap())
        .unwrap();
    let message = Message::new(MessageType::NotifyUri, "news", "for each of you").unwrap();
    assert_eq!(sender.broadcast(message).unwrap(), 4);
    for receiver in receivers {
        let (message, from) = within(receiver.receive()).await.unwrap();
        assert_eq!(message.content(), b"for each of you");
        assert_eq!(from, sender.local_addr());
    }
}

/// Serves at a port of this machine: a topic can be subscribed to, published to and ended with a
/// stop of the server.
async fn serve() -> std::net::SocketAddr {
    let stop = Arc::new(OnceLock::<ServerHandle>::new());
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    app.on(MessageType::PublishUri, |uri: Uri, endpoint: Endpoint, content: Content| {
        endpoint.notify(uri, content).map(|reached| reached.to_string())
    });
    let stopper = Arc::clone(&stop);
    app.on(MessageType::DeleteUri, move |uri: Uri, endpoint: Endpoint| {
        let notified = endpoint.notify(uri, "bye");
        stopper.get().expect("it is served").shutdown();
        notified.map(drop)
    });
    let server = within(TcpServer::builder(app).bind("127.0.0.1:0")).await.unwrap();
    stop.set(server.handle()).unwrap();
    let addr = server.local_addr().unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    addr
}

/// A connection without a client, which would sort what comes.
struct Raw(TcpStream);

impl Raw {
    async fn connect(addr: std::net::SocketAddr) -> Self {
        Self(within(TcpStream::connect(addr)).await.unwrap())
    }

    /// Sends messages with one write.
    async fn send(&mut self, messages: &[(MessageType, &str)]) {
        let encode = |(kind, content): &(MessageType, &str)| {
            Message::new(*kind, "news", content).unwrap().encode().unwrap()
        };
        let frames: Vec<_> = messages.iter().map(encode).collect();
        within(self.0.write_all(&frames.concat())).await.unwrap();
    }

    async fn receive(&mut self) -> (MessageType, String) {
        let mut frame = vec![0; 9];
        within(self.0.read_exact(&mut frame)).await.unwrap();
        frame.resize(Frame::needed(&frame), 0);
        within(self.0.read_exact(&mut frame[9..])).await.unwrap();
        let message = Message::decode(&frame, &TypeSet::default()).unwrap();
        let content = String::from_utf8(message.content().to_vec()).unwrap();
        (message.message_type(), content)
    }

    async fn subscribe(&mut self) {
        self.send(&[(MessageType::SubscribeUri, "")]).await;
        assert_eq!(self.receive().await.0, MessageType::ConfirmSubscribe);
    }
}

#[tokio::test]
async fn who_publishes_to_itself_gets_each_notification_before_its_reply() {
    let addr = serve().await;
    let (mut member, mut other) = (Raw::connect(addr).await, Raw::connect(addr).await);
    member.subscribe().await;
    other.subscribe().await;
    let publish = ["a", "b", "c"].map(|content| (MessageType::PublishUri, content));
    member.send(&publish).await;
    for (_, content) in publish {
        assert_eq!(member.receive().await, (MessageType::NotifyUri, content.into()));
        assert_eq!(member.receive().await, (MessageType::Ok, "2".into()));
        assert_eq!(other.receive().await, (MessageType::NotifyUri, content.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_notified_before_a_stop_arrives() {
    for _ in 0..50 {
        let addr = serve().await;
        let (mut subscriber, mut publisher) = (Raw::connect(addr).await, Raw::connect(addr).await);
        subscriber.subscribe().await;
        publisher.send(&[(MessageType::PublishUri, "hello"), (MessageType::DeleteUri, "")]).await;
        assert_eq!(subscriber.receive().await, (MessageType::NotifyUri, "hello".into()));
        assert_eq!(subscriber.receive().await, (MessageType::NotifyUri, "bye".into()));
        assert_eq!(within(subscriber.0.read(&mut [0])).await.unwrap(), 0);
    }
}
