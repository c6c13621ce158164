use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{Context, FromContext, Identity, IntoErrorReply, RemoteAddr, ReplyError, Transport};
use crate::{
    plugin::SealError,
    wire::{BodyTooLarge, Message, Output, TooLarge},
};

/// The number of a connection, unique in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(crate) u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a transport offers for one connection.
pub(crate) trait Link: Send + Sync {
    fn id(&self) -> ConnectionId;
    fn remote(&self) -> &RemoteAddr;
    fn transport(&self) -> Transport;
    fn subscribe(&self, uri: Bytes) -> Result<(), SubscribeError>;
    fn unsubscribe(&self, uri: &[u8]);
    fn send(&self, message: Message) -> Result<(), SendError>;
    fn close(&self);
    fn is_closed(&self) -> bool;

    /// Returns who the other end proved to be when it connected.
    fn identity(&self) -> Option<&Identity> {
        None
    }

    /// Returns whether a subscription was refused since this was last asked.
    fn take_refusal(&self) -> bool;

    /// Queues what is on its way to this connection; returns whether something may be queued.
    fn settle_queued(&self) -> bool;

    /// Moves what is queued for this connection to the end of `out`.
    fn take_queued(&self, out: &mut Output);
}

/// A handle to the connection that a message came over; on UDP, to the sender's address.
///
/// It is an extractor, and a cheap clone: keep it to send later.
#[derive(Clone)]
#[doc(alias = "StreamWriter")]
pub struct Connection {
    link: Arc<dyn Link>,
}

impl Connection {
    pub(crate) fn new(link: Arc<dyn Link>) -> Self {
        Self { link }
    }

    /// Returns the number of this connection, unique in this process.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.link.id()
    }

    /// Returns the address of the other end.
    #[must_use]
    pub fn remote_addr(&self) -> &RemoteAddr {
        self.link.remote()
    }

    /// Returns the certificates by which the other end proved itself, such as a TLS client's.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.link.identity()
    }

    /// Returns the kind of network it runs over.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.link.transport()
    }

    /// Subscribes this connection to a uri; twice is the same as once.
    ///
    /// From now on it receives what [`Endpoint::notify`](super::Endpoint::notify) sends to that
    /// uri, until it unsubscribes or closes. A subscription over the limit turns a handler's
    /// confirmation into NOT_PERMITTED; [`try_subscribe`](Self::try_subscribe) tells at once.
    pub fn subscribe(&self, uri: impl Into<Bytes>) {
        if let Err(error) = self.link.subscribe(uri.into()) {
            tracing::debug!(connection = %self.id(), %error, "subscription refused");
        }
    }

    /// Subscribes this connection to a uri, and says why when it is refused.
    ///
    /// # Errors
    ///
    /// Returns [`SubscribeError`] when the connection is closed or has too many subscriptions.
    pub fn try_subscribe(&self, uri: impl Into<Bytes>) -> Result<(), SubscribeError> {
        self.link.subscribe(uri.into())
    }

    /// Ends the subscription to a uri; nothing happens if there is none.
    pub fn unsubscribe(&self, uri: impl AsRef<[u8]>) {
        self.link.unsubscribe(uri.as_ref());
    }

    /// Queues a message to the other end, protected by the endpoint's outer layer.
    ///
    /// It does not wait: what the other end does not read is queued up to the outbound limit.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when the connection is closed, its queue is full, or the message
    /// can't be sealed.
    pub fn send(&self, message: Message) -> Result<(), SendError> {
        self.link.send(message)
    }

    /// Closes the connection after what is queued has been sent.
    pub fn close(&self) {
        self.link.close();
    }

    /// Returns whether the connection is closed or closing.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    pub(crate) fn take_refusal(&self) -> bool {
        self.link.take_refusal()
    }

    /// Queues what is on its way to this connection; returns whether something may be queued.
    pub(crate) fn settle_queued(&self) -> bool {
        self.link.settle_queued()
    }

    pub(crate) fn take_queued(&self, out: &mut Output) {
        self.link.take_queued(out);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id())
            .field("remote_addr", self.remote_addr())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Connection {
    fn eq(&self, other: &Self) -> bool {
        // On UDP a sender is an address: its number is that of a record, which may be made anew.
        let udp = self.transport() == Transport::Udp && other.transport() == Transport::Udp;
        if udp { self.remote_addr() == other.remote_addr() } else { self.id() == other.id() }
    }
}

impl Eq for Connection {}

impl<S> FromContext<S> for Connection {
    type Rejection = std::convert::Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        Ok(context.call.connection.clone())
    }
}

/// Why a message could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// The other end does not read: what waits for it has reached the outbound limit.
    #[error("the connection's outbound queue is full")]
    QueueFull,
    /// The body is larger than a message can carry.
    #[error("the message is too large")]
    TooLarge(#[source] BodyTooLarge),
    /// A plugin could not protect it.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its auth fields are larger than a message can carry.
    #[error("the auth fields are too large")]
    AuthTooLarge,
    /// The message, with its auth fields, is larger than a UDP datagram.
    #[error("the message does not fit into a datagram, which holds 65,507 bytes")]
    DatagramTooLarge,
    /// The system could not send it, for example because no network leads there.
    #[error("the network refused the message: {0}")]
    Network(std::io::ErrorKind),
}

impl From<BodyTooLarge> for SendError {
    fn from(error: BodyTooLarge) -> Self {
        Self::TooLarge(error)
    }
}

/// Why a subscription was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// The connection is a client's: only servers and nodes have subscribers.
    #[error("a client has no subscribers")]
    NotAServer,
    /// The connection or the endpoint has as many subscriptions as its limits allow.
    #[error("too many subscriptions")]
    TooMany,
}

impl IntoErrorReply for SubscribeError {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::not_permitted(self.to_string())
    }
}

impl From<TooLarge> for SendError {
    fn from(error: TooLarge) -> Self {
        match error {
            TooLarge::Auth(_) => Self::AuthTooLarge,
            TooLarge::Body(error) => Self::TooLarge(error),
        }
    }
}
