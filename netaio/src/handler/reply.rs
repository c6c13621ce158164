//! Replies: what a handler's return value becomes.
//!
//! | returned | to REQUEST_URI | to CREATE, UPDATE, DELETE, PUBLISH | to SUBSCRIBE, UNSUBSCRIBE | to anything else |
//! |---|---|---|---|---|
//! | text, bytes, `Content`, `Json<T>` | RESPOND_URI | OK | OK | OK |
//! | `()` | RESPOND_URI, empty | OK, empty | CONFIRM_SUBSCRIBE, CONFIRM_UNSUBSCRIBE | nothing |
//! | `Some(x)` | as `x` | as `x` | as `x` | as `x` |
//! | `None` | NOT_FOUND | NOT_FOUND | NOT_FOUND | nothing |
//! | `Ok(x)` | as `x` | as `x` | as `x` | as `x` |
//! | `Err(e)` | as `e` says | as `e` says | as `e` says | as `e` says |
//! | [`NoReply`] | nothing | nothing | nothing | nothing |
//! | [`Reply`], [`ReplyRef`], [`Message`] | itself | itself | itself | itself |
//!
//! Every reply carries the request's uri unless it names another, errors included: a failure must
//! never look like a timeout.

use std::{borrow::Cow, convert::Infallible};

use bytes::Bytes;

use super::{
    ReplyRef,
    extract::{Content, Uri},
};
use crate::wire::{Message, MessageType};

/// What a handler answers: a message, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "make_ok_msg")]
#[doc(alias = "make_respond_uri_msg")]
pub struct Reply {
    message: Option<ReplyMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyMessage {
    pub(crate) message_type: MessageType,
    /// The uri, if not the request's.
    pub(crate) uri: Option<Bytes>,
    pub(crate) content: Bytes,
}

impl Reply {
    /// Makes a reply of any type, with the request's uri.
    #[must_use]
    pub fn new(message_type: impl Into<MessageType>, content: impl Into<Bytes>) -> Self {
        let message_type = message_type.into();
        Self { message: Some(ReplyMessage { message_type, uri: None, content: content.into() }) }
    }

    /// Makes an OK.
    #[must_use]
    pub fn ok(content: impl Into<Bytes>) -> Self {
        Self::new(MessageType::Ok, content)
    }

    /// Makes a RESPOND_URI.
    #[must_use]
    pub fn respond(content: impl Into<Bytes>) -> Self {
        Self::new(MessageType::RespondUri, content)
    }

    /// Makes a NOT_FOUND with the content `not found`.
    #[must_use]
    pub fn not_found() -> Self {
        ReplyError::not_found().into()
    }

    /// Makes silence.
    #[must_use]
    pub const fn none() -> Self {
        Self { message: None }
    }

    /// Sets a uri other than the request's.
    #[must_use]
    pub fn uri(mut self, uri: impl Into<Bytes>) -> Self {
        if let Some(message) = &mut self.message {
            message.uri = Some(uri.into());
        }
        self
    }

    /// Returns the type of the reply, or `None` for silence.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        self.message.as_ref().map(|message| message.message_type)
    }

    /// Returns the content of the reply; it is empty for silence.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.message.as_ref().map_or(&[], |message| &message.content)
    }

    pub(crate) fn message(&self) -> Option<&ReplyMessage> {
        self.message.as_ref()
    }
}

/// A type that a handler can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reply",
    label = "a handler can't return this",
    note = "return text, bytes, `Content`, `()`, `Option<T>`, `Result<T, ReplyError>`, `Reply`, `Message` or `NoReply`"
)]
pub trait IntoReply {
    /// Converts it to the reply to a message of type `request`.
    fn into_reply(self, request: MessageType) -> Reply;

    /// Converts it to the same reply, which may be lent: what it borrows need not be copied.
    ///
    /// As it comes it is what [`into_reply`](Self::into_reply) makes.
    #[inline]
    fn into_reply_ref<'a>(self, request: MessageType) -> ReplyRef<'a>
    where
        Self: Sized + 'a,
    {
        self.into_reply(request).into()
    }
}

/// A type that a handler can return as the `Err` of a `Result`.
///
/// It is a trait of its own, so that `Err("x")` can never become an OK. It is not implemented for
/// errors in general: what goes to a peer should never carry local detail by accident.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error reply",
    label = "a handler can't return this as its error",
    note = "convert it to `ReplyError`, for example `.map_err(|_| ReplyError::error(\"...\"))?`, or implement `IntoErrorReply` for it"
)]
pub trait IntoErrorReply {
    /// Converts it to the reply that the peer sees.
    fn into_error_reply(self) -> ReplyError;
}

/// An error as the peer sees it: a type and a short text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message_type}: {}", String::from_utf8_lossy(.content))]
#[doc(alias = "make_error_msg")]
pub struct ReplyError {
    message_type: MessageType,
    content: Bytes,
}

impl ReplyError {
    /// Makes an ERROR with a text.
    ///
    /// Unlike the original's `make_error_msg`, the text never changes the type.
    #[must_use]
    pub fn error(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with_type(MessageType::Error, text)
    }

    /// Makes a NOT_FOUND with the text `not found`.
    #[must_use]
    #[doc(alias = "make_not_found_msg")]
    pub fn not_found() -> Self {
        Self::with_type(MessageType::NotFound, "not found")
    }

    /// Makes a NOT_PERMITTED with a text.
    #[must_use]
    #[doc(alias = "make_not_permitted_msg")]
    pub fn not_permitted(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with_type(MessageType::NotPermitted, text)
    }

    /// Makes an AUTH_ERROR with a text.
    #[must_use]
    pub fn auth(text: impl Into<Cow<'static, str>>) -> Self {
        Self::with_type(MessageType::AuthError, text)
    }

    /// Makes the ERROR that tells nothing of what went wrong here: `internal error`.
    #[must_use]
    pub fn internal() -> Self {
        Self::error("internal error")
    }

    /// Makes an error of any type, such as a custom one.
    #[must_use]
    pub fn with_type(
        message_type: impl Into<MessageType>,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        let content = match text.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => text.into(),
        };
        Self { message_type: message_type.into(), content }
    }

    /// Returns the type of the reply.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.content)
    }
}

impl From<ReplyError> for Reply {
    fn from(error: ReplyError) -> Self {
        Self::new(error.message_type, error.content)
    }
}

/// Silence on purpose: the sender gets no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoReply;

impl IntoReply for NoReply {
    fn into_reply(self, _: MessageType) -> Reply {
        Reply::none()
    }
}

impl IntoReply for Reply {
    fn into_reply(self, _: MessageType) -> Reply {
        self
    }
}

impl IntoReply for Message {
    fn into_reply(self, _: MessageType) -> Reply {
        Reply::new(self.message_type(), self.body().content_bytes()).uri(self.body().uri_bytes())
    }
}

impl IntoReply for () {
    fn into_reply(self, request: MessageType) -> Reply {
        use MessageType as T;
        match request {
            T::RequestUri => Reply::respond(Bytes::new()),
            T::CreateUri | T::UpdateUri | T::DeleteUri | T::PublishUri => Reply::ok(Bytes::new()),
            T::SubscribeUri => Reply::new(T::ConfirmSubscribe, Bytes::new()),
            T::UnsubscribeUri => Reply::new(T::ConfirmUnsubscribe, Bytes::new()),
            _ => Reply::none(),
        }
    }
}

impl<T: IntoReply> IntoReply for Option<T> {
    fn into_reply(self, request: MessageType) -> Reply {
        match self {
            Some(reply) => reply.into_reply(request),
            None => no_reply(request),
        }
    }

    #[inline]
    fn into_reply_ref<'a>(self, request: MessageType) -> ReplyRef<'a>
    where
        Self: 'a,
    {
        match self {
            Some(reply) => reply.into_reply_ref(request),
            None => no_reply(request).into(),
        }
    }
}

/// Returns what `None` is.
fn no_reply(request: MessageType) -> Reply {
    if request.is_request() { Reply::not_found() } else { Reply::none() }
}

impl<T: IntoReply, E: IntoErrorReply> IntoReply for Result<T, E> {
    fn into_reply(self, request: MessageType) -> Reply {
        match self {
            Ok(reply) => reply.into_reply(request),
            Err(error) => error.into_error_reply().into(),
        }
    }

    #[inline]
    fn into_reply_ref<'a>(self, request: MessageType) -> ReplyRef<'a>
    where
        Self: 'a,
    {
        match self {
            Ok(reply) => reply.into_reply_ref(request),
            Err(error) => Reply::from(error.into_error_reply()).into(),
        }
    }
}

impl IntoReply for Infallible {
    fn into_reply(self, _: MessageType) -> Reply {
        match self {}
    }
}

/// Returns the type of a reply that is content.
#[inline]
fn content_type(request: MessageType) -> MessageType {
    match request {
        MessageType::RequestUri => MessageType::RespondUri,
        _ => MessageType::Ok,
    }
}

macro_rules! content_reply {
    ($($type:ty: $reply:ident => $bytes:expr),* $(,)?) => {$(
        impl IntoReply for $type {
            #[inline]
            fn into_reply(self, request: MessageType) -> Reply {
                let $reply = self;
                Reply::new(content_type(request), $bytes)
            }
        }
    )*};
}

content_reply!(
    Bytes: reply => reply,
    Vec<u8>: reply => reply,
    String: reply => reply,
    Box<[u8]>: reply => reply,
    Content: reply => reply.into_shared(),
    Uri: reply => reply.into_shared(),
);

impl<const N: usize> IntoReply for [u8; N] {
    fn into_reply(self, request: MessageType) -> Reply {
        Vec::from(self).into_reply(request)
    }
}

macro_rules! lent_reply {
    ($([$($generic:tt)*] $type:ty: $reply:ident, $request:ident => $lent:expr),* $(,)?) => {$(
        impl<$($generic)*> IntoReply for $type {
            fn into_reply(self, request: MessageType) -> Reply {
                self.into_reply_ref(request).into_owned()
            }

            #[inline]
            fn into_reply_ref<'a>(self, $request: MessageType) -> ReplyRef<'a>
            where
                Self: 'a,
            {
                let $reply = self;
                $lent
            }
        }
    )*};
}

lent_reply!(
    [] &[u8]: reply, request => ReplyRef::new(content_type(request), reply),
    [] &str: reply, request => reply.as_bytes().into_reply_ref(request),
    [const N: usize] &[u8; N]: reply, request => reply.as_slice().into_reply_ref(request),
    [] Cow<'_, str>: reply, request => match reply {
        Cow::Borrowed(text) => text.into_reply_ref(request),
        Cow::Owned(text) => text.into_reply_ref(request),
    },
);

impl IntoErrorReply for ReplyError {
    fn into_error_reply(self) -> ReplyError {
        self
    }
}

impl IntoErrorReply for Infallible {
    fn into_error_reply(self) -> ReplyError {
        match self {}
    }
}

impl IntoErrorReply for &'static str {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::error(self)
    }
}

impl IntoErrorReply for String {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::error(self)
    }
}

macro_rules! error_through_reply_error {
    ($($from:ty),*) => {$(
        impl From<$from> for ReplyError {
            fn from(error: $from) -> Self {
                error.into_error_reply()
            }
        }
    )*};
}

// So that `?` works in a handler that returns `Result<_, ReplyError>`.
error_through_reply_error!(&'static str, String, super::SendError, super::SubscribeError);

#[cfg(test)]
mod tests {
    use super::*;
    use MessageType as T;

    fn reply(value: impl IntoReply, request: T) -> (Option<T>, Vec<u8>) {
        let reply = value.into_reply(request);
        (reply.message_type(), reply.content().to_vec())
    }

    #[test]
    fn content_answers_a_request_with_respond_uri_and_all_else_with_ok() {
        assert_eq!(reply("x", T::RequestUri), (Some(T::RespondUri), b"x".to_vec()));
        for request in [T::CreateUri, T::SubscribeUri, T::custom(50)] {
            assert_eq!(reply("x", request), (Some(T::Ok), b"x".to_vec()));
        }
    }

    #[test]
    fn unit_means_done() {
        assert_eq!(reply((), T::RequestUri).0, Some(T::RespondUri));
        assert_eq!(reply((), T::PublishUri).0, Some(T::Ok));
        assert_eq!(reply((), T::SubscribeUri).0, Some(T::ConfirmSubscribe));
        assert_eq!(reply((), T::UnsubscribeUri).0, Some(T::ConfirmUnsubscribe));
        for silent in [T::NotifyUri, T::Ok, T::Error, T::AdvertisePeer, T::custom(31)] {
            assert_eq!(reply((), silent).0, None);
        }
    }

    #[test]
    fn none_is_not_found_for_requests_and_silence_for_others() {
        assert_eq!(reply(None::<&str>, T::DeleteUri), (Some(T::NotFound), b"not found".to_vec()));
        assert_eq!(reply(None::<&str>, T::NotifyUri).0, None);
    }

    #[test]
    fn an_error_text_never_changes_the_type() {
        let result: Result<&str, &str> = Err("author not found");
        assert_eq!(reply(result, T::CreateUri), (Some(T::Error), b"author not found".to_vec()));
    }
}
