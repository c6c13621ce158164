//! Ciphers at work between a server and a client, at every place of the onion.

#![cfg(all(feature = "hmac", feature = "stream-cipher", feature = "asymmetric"))]

use std::time::Duration;

use netaio::{
    App,
    net::memory,
    plugin::{HmacAuth, Layer, Sha256StreamCipher, X25519Cipher},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt, duplex},
    time::timeout,
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn outer() -> Layer {
    Layer::new()
        .auth(HmacAuth::new("the outer secret"))
        .cipher(Sha256StreamCipher::new("the outer cipher's key"))
}

fn inner() -> Layer {
    Layer::new().auth(HmacAuth::new("the inner secret").field("hmac2")).cipher(
        Sha256StreamCipher::new("the inner cipher's key").iv_field("iv2").encrypt_uri(false),
    )
}

/// The boxes of two nodes that know each other's keys.
fn boxes(encrypt_uri: bool) -> [Layer; 2] {
    let [ours, theirs] = [[1; 32], [2; 32]].map(|seed| X25519Cipher::new(&seed));
    let (our_key, their_key) = (*ours.public_key(), *theirs.public_key());
    [(ours, their_key), (theirs, our_key)].map(|(cipher, key)| {
        Layer::new().cipher(cipher.encrypt_uri(encrypt_uri).peer_key(&key).unwrap())
    })
}

fn echo(inner: Layer) -> App {
    let app = App::empty();
    app.on_with((MessageType::RequestUri, "echo"), inner, |content: Content| content);
    app
}

#[tokio::test]
async fn every_combination_of_layers_carries_calls_of_any_size() {
    for outer in [Layer::new(), outer()] {
        for inner in [Layer::new(), inner()] {
            let client = memory::connect_layered(echo(inner.clone()), outer.clone());
            let client = client.with_layer(inner);
            for length in [0, 1, 31, 32, 33, 60_000] {
                let content = vec![7; length];
                let response = within(client.request("echo").content(content.clone())).await;
                assert_eq!(response.unwrap().content(), &content);
            }
        }
    }
}

#[tokio::test]
async fn boxes_work_as_outer_and_as_inner_layer() {
    let [ours, theirs] = boxes(true);
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo(Layer::new())).layer(ours).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let stream = within(connector.connect()).await.unwrap();
    let client = TcpClient::builder().layer(theirs).connect_stream(stream);
    let response = within(client.request("echo").content("sealed")).await.unwrap();
    assert_eq!(response.content(), "sealed");

    let [ours, theirs] = boxes(false);
    let client = memory::connect_layered(echo(ours), outer()).with_layer(theirs);
    let response = within(client.request("echo").content("sealed twice")).await.unwrap();
    assert_eq!(response.content(), "sealed twice");
}

#[tokio::test]
async fn neither_uri_nor_content_is_seen_on_the_way() {
    let (near, mut far) = duplex(1024);
    let client = TcpClient::builder().layer(outer()).connect_stream(near);
    let message = Message::new(MessageType::PublishUri, "a secret uri", "secret content").unwrap();
    within(client.send(message)).await.unwrap();
    let mut seen = vec![0; 1_000];
    let length = within(far.read(&mut seen)).await.unwrap();
    let seen = &seen[..length];
    assert!(!seen.windows(6).any(|window| window == b"secret"));
}

#[tokio::test]
async fn another_key_is_silence_that_is_counted_and_harms_nobody_else() {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo(Layer::new())).layer(outer()).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let connect = async |layer| {
        let stream = within(connector.connect()).await.unwrap();
        TcpClient::builder().layer(layer).connect_stream(stream)
    };
    // The right secret and another key: authentic, and what opens is no body. Its uri's length is
    // random, so now and then one opens to garbage, which meets no handler.
    let stranger = connect(outer().cipher(Sha256StreamCipher::new("some other key"))).await;
    for _ in 0..20 {
        let message = Message::new(MessageType::RequestUri, "echo", "x").unwrap();
        within(stranger.send(message)).await.unwrap();
    }
    let friend = connect(outer()).await;
    assert_eq!(within(friend.request("echo").content("x")).await.unwrap().content(), "x");
    within(async {
        while handle.counters().decrypt_failures() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_outer_cipher_seals_a_notification_once_for_all() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    app.on(
        MessageType::PublishUri,
        |uri: Uri, endpoint: Endpoint, content: Content| -> Result<(), ReplyError> {
            endpoint.notify(uri, content)?;
            Ok(())
        },
    );
    let client = memory::connect_layered(app, outer());
    let mut news = within(client.subscribe("news")).await.unwrap();
    within(client.publish("news", "rain")).await.unwrap();
    assert_eq!(within(news.next()).await.unwrap().content(), b"rain");
}
