//! Extractors: the types that handlers take as arguments.
//!
//! | argument | what it is |
//! |---|---|
//! | [`Uri`] | the message's uri |
//! | [`State<T>`](State) | the app's state, or a part of it by [`FromRef`] |
//! | [`RemoteAddr`] | the sender's address |
//! | [`Transport`] | the kind of network |
//! | [`Connection`](super::Connection) | a handle to the sender: subscribe, send, close |
//! | [`Endpoint`](super::Endpoint) | the server or node: notify, broadcast |
//! | [`Peer`](crate::peer::Peer), `Option<Peer>` | the peer that made itself known from the sender's address |
//! | [`Identity`](super::Identity), `Option<Identity>` | the certificates of a TLS client |
//! | [`Verified`](super::Verified) | what the layers have verified: key, plugins, signer |
//! | [`MessageType`] | the message's type |
//! | [`Content`], `Bytes`, `Vec<u8>`, `String` | the content; last argument only |
//! | [`Message`] | the whole message; last argument only |
//! | `&[u8]`, `&str`, [`MessageRef<'_>`](MessageRef) | the content as bytes or text, and the message, where they were read; last argument of a plain `fn` only |
//! | `Json<T>` | the content, parsed (feature `json`); last argument only |
//!
//! Any number of arguments that implement [`FromContext`] may come first, in any order; the last
//! may instead implement [`FromMessage`] and read the message, or in a plain `fn` with `#[on]`
//! [`FromMessageRef`] and borrow it. All are easy to implement:
//!
//! ```
//! use netaio::{handler::Context, prelude::*};
//!
//! /// The part of the uri before the first slash.
//! struct Topic(String);
//!
//! impl<S> FromContext<S> for Topic {
//!     type Rejection = &'static str;
//!
//!     fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
//!         let uri = std::str::from_utf8(context.uri()).map_err(|_| "the uri must be text")?;
//!         Ok(Topic(uri.split('/').next().unwrap_or(uri).to_owned()))
//!     }
//! }
//!
//! /// A number in decimal digits.
//! struct Number(u64);
//!
//! impl<S> FromMessage<S> for Number {
//!     type Rejection = &'static str;
//!
//!     fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, Self::Rejection> {
//!         let text = std::str::from_utf8(message.content()).map_err(|_| "no number")?;
//!         text.parse().map(Number).map_err(|_| "no number")
//!     }
//! }
//! ```

use std::{convert::Infallible, fmt, ops::Deref, str::Utf8Error};

use bytes::Bytes;

use super::{Context, IntoErrorReply, RemoteAddr, ReplyError, Transport};
use crate::wire::{Message, MessageRef, MessageType};

/// Tells the two kinds of last argument apart, so that each type has just one way in.
#[doc(hidden)]
pub mod marker {
    /// The argument is made from the message.
    #[derive(Debug)]
    pub enum Message {}
    /// The argument is drawn from the context.
    #[derive(Debug)]
    pub enum Context {}
}

/// A type that can be made from what is known of the message, whatever its content.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an argument of this handler",
    label = "not an extractor here",
    note = "arguments are `Uri`, `State<T>`, `RemoteAddr`, `Connection`, `Endpoint`, … in any order, then at most one of `Content`, `Message`, `Json<T>`, last",
    note = "`State<T>` needs `T` to be the app's state, or `FromRef` for it; other types need `impl FromContext`"
)]
pub trait FromContext<S>: Sized {
    /// What the sender is told when it can't be made.
    type Rejection: IntoErrorReply;

    /// Makes it.
    ///
    /// # Errors
    ///
    /// A rejection is sent as the reply, and the handler does not run.
    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection>;
}

/// A type that can be made from the whole message: the last argument of a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the last argument of this handler",
    label = "not an extractor here",
    note = "arguments are `Uri`, `State<T>`, `RemoteAddr`, `Connection`, `Endpoint`, … in any order, then at most one of `Content`, `Message`, `Json<T>`, last, which a plain fn may borrow: `&[u8]`, `&str`, `MessageRef<'_>`",
    note = "`State<T>` needs `T` to be the app's state, or `FromRef` for it; other types need `impl FromContext` or `impl FromMessage`"
)]
pub trait FromMessage<S, M = marker::Message>: Sized {
    /// What the sender is told when it can't be made.
    type Rejection: IntoErrorReply;

    /// Makes it.
    ///
    /// # Errors
    ///
    /// A rejection is sent as the reply, and the handler does not run.
    fn from_message(
        message: MessageRef<'_>,
        context: &Context<'_, S>,
    ) -> Result<Self, Self::Rejection>;
}

/// A type that can be borrowed from the message: the last argument of a plain handler.
///
/// A handler that is no `async fn` has answered when it returns, so the message need not be kept
/// for it: it may look at the content where it was read, and answer with a part of it.
///
/// ```
/// use netaio::{handler::{Context, FromMessageRef}, prelude::*};
///
/// /// A name and a value, with an equals sign between.
/// struct Setting<'a> {
///     name: &'a str,
///     value: &'a str,
/// }
///
/// impl<'a, S> FromMessageRef<'a, S> for Setting<'a> {
///     type Rejection = &'static str;
///
///     fn from_message_ref(
///         message: MessageRef<'a>,
///         _: &Context<'_, S>,
///     ) -> Result<Self, Self::Rejection> {
///         let text = std::str::from_utf8(message.content()).map_err(|_| "no text")?;
///         let (name, value) = text.split_once('=').ok_or("no setting")?;
///         Ok(Setting { name, value })
///     }
/// }
///
/// #[app]
/// struct App;
///
/// #[on(RequestUri, uri = "value")]
/// fn value(setting: Setting<'_>) -> &str {
///     setting.value
/// }
/// # fn main() {
/// assert_eq!(value(Setting { name: "a", value: "1" }), "1");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be borrowed from the message",
    label = "not an extractor here",
    note = "the last argument of a plain fn may borrow: `&[u8]`, `&str` or `MessageRef<'_>`",
    note = "all other arguments own what they are: `Uri`, `Content`, `State<T>`, …; other types need `impl FromMessageRef`"
)]
pub trait FromMessageRef<'a, S>: Sized {
    /// What the sender is told when it can't be made.
    type Rejection: IntoErrorReply;

    /// Makes it.
    ///
    /// # Errors
    ///
    /// A rejection is sent as the reply, and the handler does not run.
    fn from_message_ref(
        message: MessageRef<'a>,
        context: &Context<'_, S>,
    ) -> Result<Self, Self::Rejection>;
}

#[diagnostic::do_not_recommend]
impl<S, T: FromContext<S>> FromMessage<S, marker::Context> for T {
    type Rejection = T::Rejection;

    fn from_message(_: MessageRef<'_>, context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        T::from_context(context)
    }
}

/// A part of the app's state that [`State`] can hand out.
///
/// Every `Clone` state gives itself. A struct gives its parts when each implements this for it.
#[diagnostic::on_unimplemented(
    message = "the app's state `{S}` has no `{Self}` to hand out",
    label = "not the app's state",
    note = "take `State<{S}>`, which must be `Clone`, or write `impl FromRef<{S}> for {Self}`"
)]
pub trait FromRef<S> {
    /// Makes the part from the whole.
    fn from_ref(state: &S) -> Self;
}

impl<S: Clone> FromRef<S> for S {
    fn from_ref(state: &S) -> Self {
        state.clone()
    }
}

/// The app's state, cloned for this call; usually an `Arc`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State<T>(pub T);

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<S, T: FromRef<S>> FromContext<S> for State<T> {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(Self(T::from_ref(context.state)))
    }
}

impl<S> FromContext<S> for RemoteAddr {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(context.remote_addr().clone())
    }
}

impl<S> FromContext<S> for Transport {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(context.call.transport)
    }
}

impl<S> FromContext<S> for MessageType {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(context.message_type())
    }
}

/// Copies a piece that is to be kept.
///
/// Pieces of a received message share the block of memory they were read into. Keeping one would
/// keep the whole block, many times what the peer sent.
pub(crate) fn detached(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

macro_rules! piece {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// It reads as `[u8]`. Converted into `Bytes`, `Vec<u8>` or `String` it can be kept for as
        /// long as one likes without holding on to the memory of the whole message.
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name(Bytes);

        impl $name {
            /// Makes one, as tests that call a handler directly do.
            #[must_use]
            pub fn new(bytes: impl Into<Bytes>) -> Self {
                Self(bytes.into())
            }

            /// Returns it as text.
            ///
            /// # Errors
            ///
            /// Returns [`Utf8Error`] when it is not UTF-8.
            pub fn as_str(&self) -> Result<&str, Utf8Error> {
                std::str::from_utf8(&self.0)
            }

            /// Returns it as text, with `U+FFFD` in place of what is not UTF-8.
            #[must_use]
            pub fn to_string_lossy(&self) -> std::borrow::Cow<'_, str> {
                String::from_utf8_lossy(&self.0)
            }

            /// Gives the bytes without copying; for a reply, which is gone soon.
            pub(crate) fn into_shared(self) -> Bytes {
                self.0
            }
        }

        impl Deref for $name {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl std::borrow::Borrow<[u8]> for $name {
            fn borrow(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<$name> for Bytes {
            fn from(piece: $name) -> Self {
                detached(&piece)
            }
        }

        impl From<$name> for Vec<u8> {
            fn from(piece: $name) -> Self {
                piece.0.to_vec()
            }
        }

        impl From<Bytes> for $name {
            fn from(bytes: Bytes) -> Self {
                Self(bytes)
            }
        }

        impl From<&'static str> for $name {
            fn from(text: &'static str) -> Self {
                Self(Bytes::from_static(text.as_bytes()))
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other.as_bytes()
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == other.as_bytes()
            }
        }

        impl PartialEq<[u8]> for $name {
            fn eq(&self, other: &[u8]) -> bool {
                self.0 == other
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }
    };
}

piece! {
    /// The uri of a message: opaque bytes, by custom text.
    Uri
}

piece! {
    /// The content of a message: opaque bytes.
    Content
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.escape_ascii(), f)
    }
}

impl<S> FromContext<S> for Uri {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(Self(context.call.message.uri_bytes()))
    }
}

impl<S> FromMessage<S> for Content {
    type Rejection = Infallible;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(Self(message.content_bytes()))
    }
}

impl<S> FromMessage<S> for Message {
    type Rejection = Infallible;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(message.to_message())
    }
}

impl<S> FromMessage<S> for Bytes {
    type Rejection = Infallible;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(detached(message.content()))
    }
}

impl<S> FromMessage<S> for Vec<u8> {
    type Rejection = Infallible;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(message.content().to_vec())
    }
}

impl<'a, S> FromMessageRef<'a, S> for MessageRef<'a> {
    type Rejection = Infallible;

    fn from_message_ref(message: Self, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(message)
    }
}

impl<'a, S> FromMessageRef<'a, S> for &'a [u8] {
    type Rejection = Infallible;

    fn from_message_ref(message: MessageRef<'a>, _: &Context<'_, S>) -> Result<Self, Infallible> {
        Ok(message.content())
    }
}

impl<'a, S> FromMessageRef<'a, S> for &'a str {
    type Rejection = NotText;

    fn from_message_ref(message: MessageRef<'a>, _: &Context<'_, S>) -> Result<Self, NotText> {
        std::str::from_utf8(message.content()).map_err(|_| NotText)
    }
}

/// The content was to be text and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content is not UTF-8 text")]
pub struct NotText;

impl IntoErrorReply for NotText {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::error("the content is not UTF-8 text")
    }
}

impl<S> FromMessage<S> for String {
    type Rejection = NotText;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, NotText> {
        std::str::from_utf8(message.content()).map(Self::from).map_err(|_| NotText)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{AuthFields, Body};

    #[test]
    fn a_piece_that_is_kept_does_not_hold_the_block_it_came_in() {
        let block = Bytes::from(vec![7; 64 * 1024]);
        for piece in [block.slice(10..20), block.slice(..50_000)] {
            let kept = Bytes::from(Content::new(piece.clone()));
            assert_eq!(kept, piece);
            assert_ne!(kept.as_ptr(), piece.as_ptr());
        }
        let encoded = Message::new(MessageType::Ok, "uri", "content").unwrap();
        let body = Body::decode(encoded.body().encoded().clone()).unwrap();
        let message = Message::from_parts(MessageType::Ok, AuthFields::new(), body);
        let kept = message.as_ref().to_message();
        assert_eq!(kept, message);
        assert_ne!(kept.content().as_ptr(), message.content().as_ptr());
    }
}
