use std::borrow::Cow;

use bytes::Bytes;

use super::RequestError;
use crate::wire::{Message, MessageType};

/// A server's answer to a call: whatever it is, errors included.
///
/// [`ok`](Self::ok) turns error answers into [`RequestError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    message: Message,
    content: Bytes,
    verified: bool,
}

impl Response {
    pub(in crate::net) fn new(message: Message, verified: bool) -> Self {
        let content = message.body().content_bytes();
        Self { message, content, verified }
    }

    /// Returns the type of the answer.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message.message_type()
    }

    /// Returns the uri of the answer, normally that of the call.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        self.message.uri()
    }

    /// Returns the content.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }

    /// Returns the content as text, with `U+FFFD` in place of what is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.content)
    }

    /// Returns whether the answer proved its origin in every layer that the call had.
    ///
    /// An error may come without: a server can't sign for a caller whose secret it does not know.
    /// Such an answer tells why the call failed, if one trusts the network.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Returns the answer if it is a good one.
    ///
    /// # Errors
    ///
    /// Returns [`RequestError::NotFound`], [`NotPermitted`](RequestError::NotPermitted),
    /// [`Auth`](RequestError::Auth) or [`Error`](RequestError::Error) for an answer of that type.
    pub fn ok(self) -> Result<Self, RequestError> {
        match self.message_type() {
            MessageType::NotFound => Err(RequestError::NotFound(Box::new(self))),
            MessageType::NotPermitted => Err(RequestError::NotPermitted(Box::new(self))),
            MessageType::AuthError => Err(RequestError::Auth(Box::new(self))),
            MessageType::Error => Err(RequestError::Error(Box::new(self))),
            _ => Ok(self),
        }
    }

    /// Returns the message.
    #[must_use]
    pub fn into_message(self) -> Message {
        self.message
    }
}
