//! The client: connections to any number of servers, calls, subscriptions and handlers.

mod builder;
mod call;
mod connection;
mod error;
mod reconnect;
mod session;
mod shared;
mod subscription;

use std::sync::Arc;

use bytes::Bytes;

pub use builder::TcpClientBuilder;
pub use call::{Call, TimedOutCall};
pub use error::ConnectError;
pub use reconnect::{Reconnect, ReconnectEvent};
pub use shared::ServerName;
pub use subscription::Subscription;

pub use super::call::{RequestError, Response};

use crate::{
    Counters,
    handler::{Handler, RouteKey, SendError},
    net::Peers,
    plugin::{AuthPlugin, CipherPlugin, Layer},
    wire::{Message, MessageType},
};
use connection::Link;
use shared::Guard;

/// A client of one or more servers; it is a cheap clone, and all clones share the connections.
///
/// Calls are builders that are awaited. Any number may run at once, also to the same uri: each
/// server answers in order.
///
/// The connections close when the last clone is dropped, subscriptions included.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
/// use netaio::prelude::*;
///
/// # async fn example() -> netaio::Result<()> {
/// let client = TcpClient::builder().auth(HmacAuth::new("test")).connect("127.0.0.1:8888").await?;
/// let admin = client.with_auth(HmacAuth::new("adminpassword").field("camh"));
/// admin.create("test1", "hello").await?.ok()?;
/// assert_eq!(client.request("test1").await?.content(), "hello");
/// client.request("echo").content("hi").timeout(Duration::from_secs(2)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "TCPClient")]
pub struct TcpClient {
    /// Closes the connections when the last clone goes.
    shared: Arc<Guard>,
    /// The inner layer of this handle's calls.
    layer: Layer,
    /// The server that this handle's calls go to.
    server: Option<ServerName>,
}

impl TcpClient {
    /// Starts to build a client.
    pub fn builder() -> TcpClientBuilder {
        TcpClientBuilder::new()
    }

    /// Connects to one more server and returns a handle whose calls go there.
    ///
    /// A connection to the same server is replaced: the old one closes, and its waiting calls fail.
    ///
    /// # Errors
    ///
    /// Returns [`ConnectError`] when the name can't be resolved or no address can be reached in
    /// time.
    ///
    /// # Cancel safety
    ///
    /// Nothing is connected when it is dropped before it is done.
    pub async fn connect_to(&self, server: impl Into<ServerName>) -> Result<Self, ConnectError> {
        let server = server.into();
        connection::connect(&self.shared.0, &server).await?;
        Ok(self.at(server))
    }

    /// Returns a handle whose calls go to a server that is connected already, or will be.
    #[must_use]
    pub fn at(&self, server: impl Into<ServerName>) -> Self {
        Self { server: Some(server.into()), ..self.clone() }
    }

    /// Returns a handle whose calls carry an inner auth layer, and whose replies must.
    #[must_use]
    pub fn with_auth(&self, plugin: impl AuthPlugin) -> Self {
        Self { layer: self.layer.clone().auth(plugin), ..self.clone() }
    }

    /// Returns a handle whose calls are sealed by an inner cipher, and whose replies must be.
    #[must_use]
    pub fn with_cipher(&self, plugin: impl CipherPlugin) -> Self {
        Self { layer: self.layer.clone().cipher(plugin), ..self.clone() }
    }

    /// Returns a handle with a whole inner layer.
    #[must_use]
    pub fn with_layer(&self, layer: Layer) -> Self {
        Self { layer, ..self.clone() }
    }

    /// Calls with REQUEST_URI: reads what is at a uri.
    pub fn request(&self, uri: impl AsRef<[u8]>) -> Call {
        self.call(MessageType::RequestUri, uri)
    }

    /// Calls with CREATE_URI: puts content at a new uri.
    pub fn create(&self, uri: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Call {
        self.call(MessageType::CreateUri, uri).content(content)
    }

    /// Calls with UPDATE_URI: replaces what is at a uri.
    pub fn update(&self, uri: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Call {
        self.call(MessageType::UpdateUri, uri).content(content)
    }

    /// Calls with DELETE_URI: removes what is at a uri.
    pub fn delete(&self, uri: impl AsRef<[u8]>) -> Call {
        self.call(MessageType::DeleteUri, uri)
    }

    /// Calls with PUBLISH_URI: gives content to the subscribers of a uri.
    pub fn publish(&self, uri: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Call {
        self.call(MessageType::PublishUri, uri).content(content)
    }

    /// Calls with any message type, custom ones included.
    pub fn call(&self, message_type: impl Into<MessageType>, uri: impl AsRef<[u8]>) -> Call {
        Call::new(self.clone(), message_type.into(), uri)
    }

    /// Subscribes to a uri: the notifications come as a stream.
    ///
    /// It waits for the server's confirmation.
    ///
    /// # Errors
    ///
    /// As a [`Call`], and with the server's refusal if it refuses.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the subscription may or may not stand on the server; its
    /// notifications go nowhere.
    pub async fn subscribe(&self, uri: impl AsRef<[u8]>) -> Result<Subscription, RequestError> {
        Subscription::open(self, Bytes::copy_from_slice(uri.as_ref())).await
    }

    /// Sends a message and awaits nothing, protected by this handle's inner layer and the outer
    /// one.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::Closed`] without a connection and [`RequestError::Send`] when the
    /// message can't be sent.
    ///
    /// # Cancel safety
    ///
    /// The message is either queued as a whole or not at all.
    pub async fn send(&self, message: Message) -> Result<(), RequestError> {
        let link = self.shared.link(self.server.as_ref())?;
        self.shared.handlers.router().learn(message.message_type());
        let frame = link.sealing(&self.layer, message).run().await?;
        loop {
            let room = link.outbox.room();
            match link.outbox.queue(frame.clone()) {
                Err(SendError::QueueFull) => room.await,
                Err(SendError::Closed) => return Err(link.closed()),
                sent => return Ok(sent?),
            }
        }
    }

    /// Waits for the next message that no call, subscription or handler took.
    ///
    /// Up to 1,024 such messages wait; the oldest is dropped for a newer one.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::Closed`] when no connection is left to receive from.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when it is dropped before it is done.
    #[doc(alias = "receive_once")]
    pub async fn receive(&self) -> Result<Message, RequestError> {
        self.shared.inbox.next().await.ok_or_else(RequestError::not_connected)
    }

    /// Registers a handler for messages that no call or subscription takes.
    ///
    /// What it returns is not sent, as in the original; answer with
    /// [`Connection::send`](crate::handler::Connection::send). Async handlers of a connection run
    /// one after the other, beside its calls: a handler may make calls of its own.
    pub fn on<Args>(&self, key: impl Into<RouteKey>, handler: impl Handler<(), Args>) {
        self.shared.handlers.on_with(key, self.layer.clone(), handler);
    }

    /// Registers a handler that is removed when first used.
    pub fn once<Args>(&self, key: impl Into<RouteKey>, handler: impl Handler<(), Args>) {
        self.shared.handlers.once_with(key, self.layer.clone(), handler);
    }

    /// Removes the handlers under a key; returns whether there were any.
    pub fn remove(&self, key: impl Into<RouteKey>) -> bool {
        self.shared.handlers.remove(key)
    }

    /// Returns whether this handle's server is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.link(self.server.as_ref()).is_ok()
    }

    /// Closes the connection to this handle's server, after what was sent has left.
    ///
    /// It waits until the connection has ended. Waiting calls fail with [`RequestError::Closed`].
    ///
    /// # Cancel safety
    ///
    /// The connection closes even if this is dropped before it is done.
    pub async fn close(&self) {
        if let Some(link) = self.shared.remove(self.server.as_ref()) {
            self.shared.introduce_all(&link, MessageType::Disconnect);
            link.outbox.close();
            link.ended().await;
        }
    }

    /// Returns what the client has counted, over all its connections.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.engine.counters
    }

    /// Returns the peers that are known, and their management: the servers that made themselves
    /// known.
    #[must_use]
    pub fn peers(&self) -> Peers {
        Peers::new(Arc::clone(&self.shared.0) as _)
    }

    fn link(&self, server: Option<&ServerName>) -> Result<Arc<Link>, RequestError> {
        self.shared.link(server.or(self.server.as_ref()))
    }
}
