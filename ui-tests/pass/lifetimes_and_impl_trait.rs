//! Lifetimes, `impl Trait` as what is returned.

use netaio::prelude::*;

#[app]
struct App;

/// Something that can be answered.
#[on(RequestUri, uri = "later")]
async fn later(_uri: Uri) -> impl IntoReply {
    "later"
}

#[on(RequestUri, uri = "now")]
fn now() -> impl IntoReply + use<> {
    "now"
}

#[on(CreateUri)]
fn lasting<'a>(_content: Content) -> &'a str {
    "for as long as you like"
}

#[on(UpdateUri)]
async fn borrowed<'a>(_uri: Uri, _content: Content) -> Result<&'a [u8], ReplyError> {
    Ok(b"bytes")
}

fn main() {
    assert_eq!(App::builder().build().unwrap().routes().len(), 4);
}
