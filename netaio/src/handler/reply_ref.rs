use std::fmt;

use bytes::Bytes;

use super::{IntoReply, Reply};
use crate::wire::{MessageType, Piece};

/// A reply that may be lent: its content is where the handler had it, such as in the request.
///
/// It is what [`IntoReply::into_reply_ref`] makes, so that a handler which borrows its message can
/// answer with a part of it and nothing is copied but into what is sent.
///
/// ```
/// use netaio::{handler::ReplyRef, prelude::*};
///
/// #[app]
/// struct App;
///
/// /// Answers with the first ten bytes, as an ERROR if there are no more.
/// #[on(RequestUri)]
/// fn beginning(content: &[u8]) -> ReplyRef<'_> {
///     match content.split_at_checked(10) {
///         Some((ten, _)) => ReplyRef::new(MessageType::RespondUri, ten),
///         None => ReplyRef::new(MessageType::Error, content),
///     }
/// }
/// # fn main() {
/// assert_eq!(beginning(b"short").content(), b"short");
/// # }
/// ```
pub struct ReplyRef<'a>(Kind<'a>);

enum Kind<'a> {
    Owned(Reply),
    Lent { message_type: MessageType, content: &'a [u8] },
}

/// The message of a reply.
pub(crate) struct Parts<'a> {
    pub(crate) message_type: MessageType,
    /// The uri, if not the request's.
    pub(crate) uri: Option<&'a Bytes>,
    pub(crate) content: Piece<'a>,
}

impl<'a> ReplyRef<'a> {
    /// Makes a reply of any type, with the request's uri.
    #[must_use]
    pub fn new(message_type: impl Into<MessageType>, content: &'a [u8]) -> Self {
        Self(Kind::Lent { message_type: message_type.into(), content })
    }

    /// Returns the type of the reply, or `None` for silence.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        match &self.0 {
            Kind::Owned(reply) => reply.message_type(),
            Kind::Lent { message_type, .. } => Some(*message_type),
        }
    }

    /// Returns the content of the reply; it is empty for silence.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        match &self.0 {
            Kind::Owned(reply) => reply.content(),
            Kind::Lent { content, .. } => content,
        }
    }

    /// Returns it as one that borrows nothing; what is lent is copied.
    #[must_use]
    pub fn into_owned(self) -> Reply {
        match self.0 {
            Kind::Owned(reply) => reply,
            Kind::Lent { message_type, content } => {
                Reply::new(message_type, Bytes::copy_from_slice(content))
            }
        }
    }

    /// Returns its message, if it is not silence; lent content may be a part of `block`.
    #[inline]
    pub(crate) fn parts<'b>(&'b self, block: Option<&'b Bytes>) -> Option<Parts<'b>> {
        match &self.0 {
            Kind::Owned(reply) => reply.message().map(|message| Parts {
                message_type: message.message_type,
                uri: message.uri.as_ref(),
                content: Piece::from(&message.content),
            }),
            Kind::Lent { message_type, content } => {
                let content = Piece::new(content, block);
                Some(Parts { message_type: *message_type, uri: None, content })
            }
        }
    }
}

impl From<Reply> for ReplyRef<'_> {
    #[inline]
    fn from(reply: Reply) -> Self {
        Self(Kind::Owned(reply))
    }
}

/// What is lent for ever need not be copied.
impl From<ReplyRef<'static>> for Reply {
    #[inline]
    fn from(reply: ReplyRef<'static>) -> Self {
        match reply.0 {
            Kind::Owned(reply) => reply,
            Kind::Lent { message_type, content } => {
                Self::new(message_type, Bytes::from_static(content))
            }
        }
    }
}

impl IntoReply for ReplyRef<'_> {
    fn into_reply(self, _: MessageType) -> Reply {
        self.into_owned()
    }

    fn into_reply_ref<'a>(self, _: MessageType) -> ReplyRef<'a>
    where
        Self: 'a,
    {
        self
    }
}

impl fmt::Debug for ReplyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyRef")
            .field("message_type", &self.message_type())
            .field("content_length", &self.content().len())
            .finish()
    }
}
