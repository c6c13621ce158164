//! Plain handlers that borrow the message, and answer with a part of it.

#![cfg(all(feature = "macros", feature = "hmac", feature = "stream-cipher"))]

use std::time::Duration;

use netaio::{
    handler::{Context, FromMessageRef, ReplyRef},
    net::memory,
    plugin::Layer,
    prelude::*,
};
use tokio::task::JoinSet;

#[app(auth = [inner])]
struct App;

#[on(RequestUri)]
fn echo(content: &[u8]) -> &[u8] {
    content
}

/// With an argument that is not borrowed, and a part of the content only.
#[on(RequestUri, uri = "tail")]
fn tail(uri: Uri, content: &[u8]) -> Result<&[u8], ReplyError> {
    assert_eq!(uri, "tail");
    content.get(1..).ok_or_else(|| ReplyError::error("it is empty"))
}

#[on(RequestUri, uri = "trimmed")]
fn trimmed(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// What it answers is not in the message.
#[on(RequestUri, uri = "constant")]
fn constant(content: &[u8]) -> &'static [u8] {
    static LARGE: [u8; 10_000] = [7; 10_000];
    if content == b"large" { &LARGE } else { b"small" }
}

#[on(RequestUri, uri = "owned")]
fn owned(content: &[u8]) -> Vec<u8> {
    content.repeat(2)
}

#[on(RequestUri, uri = "whole")]
fn whole<'a>(message: MessageRef<'a>) -> ReplyRef<'a> {
    assert_eq!(message.message_type(), MessageType::RequestUri);
    ReplyRef::new(MessageType::Error, message.uri())
}

/// Two parts of the content.
struct Pair<'a>(&'a str, &'a str);

impl<'a, S> FromMessageRef<'a, S> for Pair<'a> {
    type Rejection = &'static str;

    fn from_message_ref(
        message: MessageRef<'a>,
        _: &Context<'_, S>,
    ) -> Result<Self, Self::Rejection> {
        let text = std::str::from_utf8(message.content()).map_err(|_| "no text")?;
        text.split_once('=').map(|(a, b)| Pair(a, b)).ok_or("no pair")
    }
}

#[on(RequestUri, uri = "pair")]
fn pair(Pair(name, value): Pair<'_>) -> &str {
    if name == "a" { value } else { name }
}

#[cfg(feature = "json")]
#[on(RequestUri, uri = "json")]
fn longest(Json(texts): Json<Vec<&str>>) -> Option<&str> {
    texts.into_iter().max_by_key(|text| text.len())
}

#[on(RequestUri, uri = "panics")]
fn panics(content: &[u8]) -> &[u8] {
    &content[1_000_000..]
}

#[on(CreateUri, auth = inner)]
fn guarded(content: &[u8]) -> &[u8] {
    content
}

#[once(UpdateUri)]
fn once(content: &[u8]) -> &[u8] {
    content
}

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn app() -> netaio::App<App> {
    App::builder().bind_auth(App::inner, HmacAuth::new("inner").field("camh")).build().unwrap()
}

async fn served(layer: Layer) -> TcpClient {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app()).layer(layer.clone()).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let stream = within(connector.connect()).await.unwrap();
    TcpClient::builder().layer(layer).connect_stream(stream)
}

fn layers() -> [Layer; 3] {
    let hmac = || Layer::new().auth(HmacAuth::new("outer"));
    [Layer::new(), hmac(), hmac().cipher(Sha256StreamCipher::new("key"))]
}

async fn answer(client: &TcpClient, uri: &str, content: impl Into<Bytes>) -> (MessageType, Bytes) {
    let response = within(client.request(uri).content(content.into())).await.unwrap();
    (response.message_type(), response.content().to_vec().into())
}

#[tokio::test]
async fn what_is_lent_arrives_whatever_its_size_and_the_layers() {
    for layer in layers() {
        let client = within(served(layer)).await;
        let mut calls = JoinSet::new();
        for length in [0, 1, 100, 4_095, 4_096, 16_384, 60_000].repeat(3) {
            let (client, content) = (client.clone(), vec![b'x'; length]);
            calls.spawn(async move {
                let (kind, echoed) = answer(&client, "echo", content.clone()).await;
                assert_eq!((kind, &echoed[..]), (MessageType::RespondUri, &content[..]));
                let (kind, rest) = answer(&client, "tail", content.clone()).await;
                match content.get(1..) {
                    Some(tail) => assert_eq!((kind, &rest[..]), (MessageType::RespondUri, tail)),
                    None => {
                        assert_eq!((kind, &rest[..]), (MessageType::Error, &b"it is empty"[..]))
                    }
                }
            });
        }
        while let Some(call) = within(calls.join_next()).await {
            call.unwrap();
        }
    }
}

#[tokio::test]
async fn replies_are_what_the_type_says() {
    use MessageType::{Error, NotFound, RespondUri};
    for layer in layers() {
        let client = within(served(layer)).await;
        let large = Bytes::from(vec![7; 10_000]);
        for (uri, content, kind, expected) in [
            ("trimmed", &b" x "[..], RespondUri, &b"x"[..]),
            ("trimmed", b"  ", NotFound, b"not found"),
            ("trimmed", b"\xff", Error, b"the content is not UTF-8 text"),
            ("constant", b"", RespondUri, b"small"),
            ("constant", b"large", RespondUri, &large),
            ("owned", b"ab", RespondUri, b"abab"),
            ("whole", b"", Error, b"whole"),
            ("pair", b"a=1", RespondUri, b"1"),
            ("pair", b"b=1", RespondUri, b"b"),
            ("pair", b"b", Error, b"no pair"),
            ("panics", b"", Error, b"internal error"),
        ] {
            let answer = answer(&client, uri, content).await;
            assert_eq!((answer.0, &answer.1[..]), (kind, expected), "{uri}");
        }
    }
}

#[cfg(feature = "json")]
#[tokio::test]
async fn json_lends_its_texts() {
    use MessageType::{Error, NotFound, RespondUri};
    let client = within(served(Layer::new())).await;
    let asked = async |content: &'static str| answer(&client, "json", content).await;
    assert_eq!(asked(r#"["a", "abc", "ab"]"#).await, (RespondUri, "abc".into()));
    assert_eq!(asked("[]").await, (NotFound, "not found".into()));
    let (kind, text) = asked("[1]").await;
    assert!(kind == Error && text.starts_with(b"invalid JSON: "), "{text:?}");
}

#[tokio::test]
async fn an_inner_layer_and_once_lend_as_well() {
    let client = within(served(Layer::new())).await;
    let large = Bytes::from(vec![7; 30_000]);
    let inside = client.with_auth(HmacAuth::new("inner").field("camh"));
    let answer = within(inside.create("x", large.clone())).await.unwrap().ok().unwrap();
    assert_eq!(answer.content(), &large[..]);
    let answer = within(client.update("x", large.clone())).await.unwrap().ok().unwrap();
    assert_eq!(answer.content(), &large[..]);
    let used = within(client.update("x", large)).await.unwrap();
    assert_eq!(used.message_type(), MessageType::NotFound);
}

#[tokio::test]
async fn datagrams_lend_as_well() {
    let node = within(UdpNode::builder(app()).bind("127.0.0.1:0")).await.unwrap().spawn();
    let asks = within(UdpNode::builder(app()).bind("127.0.0.1:0")).await.unwrap().spawn();
    for content in [Bytes::from_static(b"small"), vec![7; 20_000].into()] {
        let call = asks.request(node.local_addr(), "echo").content(content.clone());
        assert_eq!(within(call).await.unwrap().content(), &content[..]);
    }
}
