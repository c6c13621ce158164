//! A handler stays an ordinary function.
use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri)]
fn plain(uri: Uri, content: Content) -> Option<Content> {
    (uri == "echo").then_some(content)
}

#[on(CreateUri)]
async fn asynchronous(content: Content) -> Result<Content, &'static str> {
    if content.is_empty() { Err("nothing") } else { Ok(content) }
}

#[tokio::main]
async fn main() {
    assert_eq!(plain("echo".into(), "x".into()).unwrap(), "x");
    assert_eq!(asynchronous("".into()).await, Err("nothing"));
}
