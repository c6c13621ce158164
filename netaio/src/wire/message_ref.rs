use std::fmt;

use bytes::Bytes;

use super::{AuthFields, Body, BodyRef, Message, MessageType};

/// A message that is lent: its parts are where they were read.
///
/// Whoever keeps it has to decide how: [`to_message`](Self::to_message) copies, so that nobody keeps
/// the block it is a part of, which may be much larger.
#[derive(Clone, Copy)]
pub struct MessageRef<'a> {
    message_type: MessageType,
    auth: &'a AuthFields,
    body: BodyRef<'a>,
}

impl<'a> MessageRef<'a> {
    #[inline]
    pub(crate) fn new(message_type: MessageType, auth: &'a AuthFields, body: BodyRef<'a>) -> Self {
        Self { message_type, auth, body }
    }

    /// Returns the type.
    #[must_use]
    #[inline]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns the uri.
    #[must_use]
    #[inline]
    pub fn uri(&self) -> &'a [u8] {
        self.body.uri
    }

    /// Returns the content.
    #[must_use]
    #[inline]
    pub fn content(&self) -> &'a [u8] {
        self.body.content
    }

    /// Returns the auth fields.
    #[must_use]
    pub fn auth_fields(&self) -> &'a AuthFields {
        self.auth
    }

    /// Returns what its parts are parts of, if that may be shared.
    #[inline]
    pub(crate) fn block(&self) -> Option<&'a Bytes> {
        self.body.block
    }

    /// Returns the uri, sharing its memory where that is possible.
    pub(crate) fn uri_bytes(&self) -> Bytes {
        self.body.share(self.body.uri)
    }

    /// Returns the content, sharing its memory where that is possible.
    #[inline]
    pub(crate) fn content_bytes(&self) -> Bytes {
        self.body.share(self.body.content)
    }

    /// Copies it to memory of its own.
    #[must_use]
    pub fn to_message(&self) -> Message {
        Message::from_parts(self.message_type, self.auth.clone(), Body::copied(self.body))
    }

    /// Returns it as a message that shares its memory where that is possible.
    pub(crate) fn to_shared(self) -> Message {
        Message::from_parts(self.message_type, self.auth.clone(), Body::shared(self.body))
    }
}

impl fmt::Debug for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRef")
            .field("message_type", &self.message_type)
            .field("auth", self.auth)
            .field("body", &self.body)
            .finish()
    }
}
