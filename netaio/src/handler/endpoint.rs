use std::{fmt, sync::Arc};

use super::{Context, FromContext, SendError};
use crate::{
    throttle::Throttle,
    wire::{Message, MessageType},
};

/// What a server or node offers to all its connections.
pub(crate) trait Node: Send + Sync {
    fn notify(&self, key: &[u8], message: Message) -> Result<usize, SendError>;
    fn broadcast(&self, message: Message) -> Result<usize, SendError>;
    fn subscribers(&self, key: &[u8]) -> usize;
    fn connections(&self) -> usize;
}

/// A handle to the server or node that runs the handlers; it reaches all its connections.
///
/// It is an extractor, and a cheap clone. Sending never waits for a receiver: each has a bounded
/// queue, and one that does not read is cut without delaying the others.
///
/// # Examples
///
/// ```
/// use netaio::prelude::*;
///
/// async fn publish(uri: Uri, content: Content, endpoint: Endpoint) -> Result<&'static str, ReplyError> {
///     endpoint.notify(&uri, &content)?;
///     Ok("published")
/// }
/// ```
#[derive(Clone)]
pub struct Endpoint {
    node: Arc<dyn Node>,
}

impl Endpoint {
    pub(crate) fn new(node: Arc<dyn Node>) -> Self {
        Self { node }
    }

    /// Sends NOTIFY_URI with this uri and content to the uri's subscribers; returns how many.
    ///
    /// On a server that is how many there are, though one may just be closing, or be cut because it
    /// does not read.
    ///
    /// What the handlers of messages that came together send is written together. Whoever is sent
    /// several messages gets them in the order of the calls, also if other threads made some of
    /// them.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when the message is too large or can't be sealed.
    pub fn notify(
        &self,
        uri: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> Result<usize, SendError> {
        let uri = uri.as_ref();
        self.node.notify(uri, Message::new(MessageType::NotifyUri, uri, content)?)
    }

    /// Sends any message to the subscribers of `key`, as [`notify`](Self::notify) does; returns how
    /// many.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when the message can't be sealed.
    pub fn notify_with(&self, key: impl AsRef<[u8]>, message: Message) -> Result<usize, SendError> {
        self.node.notify(key.as_ref(), message)
    }

    /// Sends a message to every connection, or every peer of a UDP node; returns how many.
    ///
    /// Connections that never proved who they are receive it too, as in the original: broadcast
    /// nothing that an outer cipher does not hide and they must not read.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] when the message can't be sealed.
    pub fn broadcast(&self, message: Message) -> Result<usize, SendError> {
        self.node.broadcast(message)
    }

    /// Returns how many connections are subscribed to a uri.
    #[must_use]
    pub fn subscribers(&self, uri: impl AsRef<[u8]>) -> usize {
        self.node.subscribers(uri.as_ref())
    }

    /// Returns how many connections are open; for a UDP node, how many peers are known.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.node.connections()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("connections", &self.connections()).finish_non_exhaustive()
    }
}

impl<S> FromContext<S> for Endpoint {
    type Rejection = std::convert::Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        Ok(context.call.endpoint.clone())
    }
}

impl super::IntoErrorReply for SendError {
    fn into_error_reply(self) -> super::ReplyError {
        match self {
            Self::TooLarge(_) | Self::DatagramTooLarge => {
                super::ReplyError::error("the message is too large")
            }
            other => {
                static LINES: Throttle = Throttle::new();
                if LINES.allows_now() {
                    tracing::warn!(error = %other, "a handler could not send");
                }
                super::ReplyError::internal()
            }
        }
    }
}
