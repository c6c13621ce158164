//! A plain handler may borrow the message, and answer with a part of it.
#![deny(elided_lifetimes_in_paths, single_use_lifetimes, unused_lifetimes)]

use std::borrow::Cow;

use netaio::{
    handler::{Context, FromMessageRef, ReplyRef},
    prelude::*,
};

#[app]
struct App;

/// Borrowed from the message, by a name of its own.
struct First<'a>(&'a u8);

impl<'a, S> FromMessageRef<'a, S> for First<'a> {
    type Rejection = ReplyError;

    fn from_message_ref(message: MessageRef<'a>, _: &Context<'_, S>) -> Result<Self, ReplyError> {
        message.content().first().map(First).ok_or_else(ReplyError::not_found)
    }
}

#[on(RequestUri, uri = "bytes")]
fn bytes(content: &[u8]) -> &[u8] {
    content
}

#[on(RequestUri, uri = "named")]
fn named<'a>(_uri: Uri, content: &'a str) -> Result<Option<&'a str>, ReplyError> {
    Ok(content.lines().next())
}

#[on(RequestUri, uri = "message")]
fn message(message: MessageRef<'_>) -> ReplyRef<'_> {
    ReplyRef::new(MessageType::RespondUri, message.uri())
}

#[on(RequestUri, uri = "own")]
fn own(First(first): First<'_>) -> Vec<u8> {
    vec![*first]
}

#[on(RequestUri, uri = "changed")]
fn changed(text: &str) -> Cow<'_, str> {
    text.strip_suffix('\n').map_or_else(|| Cow::Owned(text.to_uppercase()), Cow::Borrowed)
}

#[on(RequestUri, uri = "opaque")]
fn opaque(text: &str) -> impl IntoReply + '_ {
    text.trim()
}

#[on(RequestUri, uri = "constant")]
fn constant(_content: &[u8]) -> &'static str {
    "constant"
}

#[on(RequestUri, uri = "cfg")]
fn last_by_cfg(content: &[u8], #[cfg(any())] _and: Uri) -> &[u8] {
    content
}

#[once(CreateUri, timeout = "2s")]
fn nothing(_: &[u8]) {}

macro_rules! handler_of {
    ($name:ident, $argument:ty) => {
        #[on(UpdateUri)]
        fn $name(content: $argument) -> $argument {
            content
        }
    };
}

handler_of!(update, &[u8]);

fn main() {
    assert_eq!(App::builder().build().unwrap().routes().len(), 10);
    assert_eq!(bytes(b"x"), b"x");
    assert_eq!(named("uri".into(), "a\nb").unwrap(), Some("a"));
}
