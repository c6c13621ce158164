//! UDP nodes: every node serves and calls, and finds its peers.

mod builder;
mod call;
mod fragments;
mod guard;
mod held;
mod multicast;
mod node;
mod receiver;
mod replies;
mod socket;

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc};

use tokio::time::timeout;

pub use builder::UdpNodeBuilder;
pub use call::UdpCall;
pub use multicast::Multicast;

use super::{Peers, call::RequestError, peers::PeerHost, shutdown::stop_signal};
use crate::{
    Counters, Result,
    handler::{App, Application, Endpoint, SendError, sorted_routes},
    plugin::{AuthPlugin, CipherPlugin, Layer},
    wire::{Message, MessageType},
};
use node::Shared;
use receiver::Receiver;

/// A node over UDP: it answers what it is asked, asks others, and finds its peers.
///
/// It is bound when it exists, and answers when it is [run](Self::run) or [spawned](Self::spawn).
///
/// One message is one datagram, so it holds at most 65,507 bytes, and may get lost. The sender's
/// address is a claim: use an auth layer for whatever matters.
///
/// # Examples
///
/// ```no_run
/// use netaio::{net::UdpNode, peer::{Peer, PeerManagement}, prelude::*};
///
/// # async fn example(app: netaio::App) -> netaio::Result<()> {
/// UdpNode::builder(app)
///     .auth(HmacAuth::new("we attack at dawn, or later"))
///     .local_peer(Peer::new("node-1"))
///     .manage_peers(PeerManagement::new())
///     .bind("0.0.0.0:8888").await?
///     .run().await
/// # }
/// ```
#[must_use = "a node does nothing until it is run or spawned"]
#[doc(alias = "UDPNode")]
pub struct UdpNode {
    shared: Arc<Shared>,
}

impl UdpNode {
    /// Starts to build a node for an app.
    #[allow(clippy::needless_pass_by_value, reason = "an app is a handle, given away like one")]
    pub fn builder<A: Application>(app: App<A>) -> UdpNodeBuilder {
        UdpNodeBuilder::new(Arc::clone(app.router()))
    }

    /// Returns the address that it is bound to, with the port that was given to it.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.socket.local_addr()
    }

    /// Returns a handle: to call, notify, look at peers and stop.
    #[must_use]
    pub fn handle(&self) -> UdpHandle {
        UdpHandle { shared: Arc::clone(&self.shared), layer: Layer::new() }
    }

    /// Answers in a task of its own, until [`UdpHandle::shutdown`].
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn spawn(self) -> UdpHandle {
        let handle = self.handle();
        tokio::spawn(self.run_until(std::future::pending()));
        handle
    }

    /// Answers until Ctrl-C or SIGTERM, then lets handlers finish and takes leave of its peers.
    ///
    /// # Errors
    ///
    /// None at present: what can fail has failed when it was bound.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it stops at once.
    pub async fn run(self) -> Result<()> {
        self.run_until(stop_signal()).await;
        Ok(())
    }

    /// Answers until `stop` is done, or [`UdpHandle::shutdown`] is called; then lets handlers
    /// finish, for as long as [`Limits::shutdown_grace`](crate::Limits::shutdown_grace) says, and
    /// takes leave of its peers.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it stops at once.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let shared = &self.shared;
        let _stop = StopOnDrop(Arc::clone(shared));
        let router = &shared.engine.router;
        tracing::info!(app = router.app_name, at = %self.local_addr(), "answering over UDP");
        for route in sorted_routes(router) {
            tracing::info!(app = router.app_name, "{route}");
        }
        let receiver = Receiver::new(Arc::clone(shared)).run();
        tokio::select! {
            () = stop => {}
            () = receiver => {}
        }
        for (app_id, _) in shared.engine.peers.with(|manager, _| manager.apps()) {
            shared.stop(&app_id);
        }
        shared.stop.cancel();
        shared.handlers.close();
        let grace = shared.engine.limits.shutdown_grace;
        let finished = timeout(grace, async {
            shared.handlers.wait().await;
            shared.socket.flush().await;
        });
        let drained = finished.await.is_ok();
        tracing::info!(drained, "stopped");
    }
}

/// Ends what a node has started when its future ends.
struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop.cancel();
        self.0.close_calls(&"the node has stopped".into());
        self.0.inbox.close();
    }
}

impl fmt::Debug for UdpNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpNode").field("local_addr", &self.local_addr()).finish_non_exhaustive()
    }
}

/// A handle to a UDP node; it is a cheap clone.
///
/// The node must be running for calls to be answered.
#[derive(Debug, Clone)]
pub struct UdpHandle {
    shared: Arc<Shared>,
    /// The inner layer of this handle's calls.
    layer: Layer,
}

impl UdpHandle {
    /// Returns the address that the node is bound to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.socket.local_addr()
    }

    /// Returns a handle whose calls carry an inner auth layer, and whose answers must.
    #[must_use]
    pub fn with_auth(&self, plugin: impl AuthPlugin) -> Self {
        self.with_layer(self.layer.clone().auth(plugin))
    }

    /// Returns a handle whose calls are sealed by an inner cipher, and whose answers must be.
    #[must_use]
    pub fn with_cipher(&self, plugin: impl CipherPlugin) -> Self {
        self.with_layer(self.layer.clone().cipher(plugin))
    }

    /// Returns a handle with a whole inner layer.
    #[must_use]
    pub fn with_layer(&self, layer: Layer) -> Self {
        Self { layer, shared: Arc::clone(&self.shared) }
    }

    /// Calls with REQUEST_URI: reads what is at a uri.
    pub fn request(&self, to: SocketAddr, uri: impl AsRef<[u8]>) -> UdpCall {
        self.call(to, MessageType::RequestUri, uri)
    }

    /// Calls with CREATE_URI: puts content at a new uri.
    pub fn create(
        &self,
        to: SocketAddr,
        uri: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> UdpCall {
        self.call(to, MessageType::CreateUri, uri).content(content)
    }

    /// Calls with UPDATE_URI: replaces what is at a uri.
    pub fn update(
        &self,
        to: SocketAddr,
        uri: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> UdpCall {
        self.call(to, MessageType::UpdateUri, uri).content(content)
    }

    /// Calls with DELETE_URI: removes what is at a uri.
    pub fn delete(&self, to: SocketAddr, uri: impl AsRef<[u8]>) -> UdpCall {
        self.call(to, MessageType::DeleteUri, uri)
    }

    /// Calls with SUBSCRIBE_URI: notifications come to the app's handlers, or are
    /// [received](Self::receive).
    pub fn subscribe(&self, to: SocketAddr, uri: impl AsRef<[u8]>) -> UdpCall {
        self.call(to, MessageType::SubscribeUri, uri)
    }

    /// Calls with any message type, custom ones included.
    pub fn call(
        &self,
        to: SocketAddr,
        message_type: impl Into<MessageType>,
        uri: impl AsRef<[u8]>,
    ) -> UdpCall {
        UdpCall::new(self.clone(), to, message_type.into(), uri)
    }

    /// Sends a message and awaits nothing, protected by this handle's inner layer and the outer
    /// one.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when it can't be sealed, is larger than a datagram, or the network
    /// refuses it.
    pub fn send(&self, to: SocketAddr, message: Message) -> Result<(), SendError> {
        let frame = self.shared.seal(&self.layer, message, Some(to))?;
        self.shared.send_to(to, frame)
    }

    /// Sends a message to the multicast group, through each interface; returns through how many.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn multicast(&self, message: &Message) -> Result<usize, SendError> {
        self.shared.multicast(&self.layer, message)
    }

    /// Sends a message to every known peer, at the address that owns its id; returns to how many.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn broadcast(&self, message: Message) -> Result<usize, SendError> {
        self.endpoint().broadcast(message)
    }

    /// Sends NOTIFY_URI with this uri and content to the uri's subscribers; returns to how many.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn notify(
        &self,
        uri: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> Result<usize, SendError> {
        self.endpoint().notify(uri, content)
    }

    /// Waits for the next message that no call and no handler took, with its sender.
    ///
    /// Up to 1,024 such messages wait; the oldest is dropped for a newer one.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::Closed`] when the node has stopped.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when it is dropped before it is done.
    pub async fn receive(&self) -> Result<(Message, SocketAddr), RequestError> {
        let closed = || RequestError::Closed { reason: "the node has stopped".into() };
        self.shared.inbox.next().await.ok_or_else(closed)
    }

    /// Returns every uri that is subscribed to, with the number of its subscribers.
    #[must_use]
    pub fn subscriptions(&self) -> std::collections::HashMap<bytes::Bytes, usize> {
        self.shared.subscriptions()
    }

    /// Returns the peers that are known, and their management.
    #[must_use]
    pub fn peers(&self) -> Peers {
        Peers::new(Arc::clone(&self.shared) as _)
    }

    /// Returns what handlers use to notify and broadcast.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(Arc::clone(&self.shared) as _)
    }

    /// Returns what the node has counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.engine.counters
    }

    /// Stops the node: [`UdpNode::run`] returns when its handlers have ended.
    pub fn shutdown(&self) {
        self.shared.stop.cancel();
    }
}

/// Resolves the first address that a node can be bound to.
async fn first_addr(addr: impl tokio::net::ToSocketAddrs) -> io::Result<SocketAddr> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "no address to bind to");
    tokio::net::lookup_host(addr).await?.next().ok_or_else(none)
}
