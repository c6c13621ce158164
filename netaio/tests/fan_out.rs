//! What is sent to many: sealed once for all, or once for each where a layer depends on the receiver.

#![cfg(feature = "asymmetric")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use netaio::{
    App,
    net::{UdpHandle, memory},
    peer::{Peer, PeerManagement},
    plugin::{AuthError, AuthFailure, AuthPlugin, Layer, PluginContext, Proof, X25519Cipher},
    prelude::*,
    wire::{AuthFields, Body},
};
use tokio::time::timeout;

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
        assert_eq!(handle.endpoint().notify("news", "rain").unwrap(), 3);
        let broadcast = Message::new(MessageType::NotifyUri, "other news", "sun").unwrap();
        assert_eq!(handle.endpoint().broadcast(broadcast).unwrap(), 3);
        for (name, client, news) in &mut clients {
            let expected = if is_peer_specific { name.as_bytes() } else { b"anybody" };
            for message in [within(news.next()).await, within(client.receive()).await.ok()] {
                let message = message.unwrap();
                let written = message.auth_fields().get("for").unwrap();
                assert_eq!(written.bytes(), Some(expected), "{name}");
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
