//! The X25519 cipher against the original, both ways. Peers make themselves known by hand here.

use netaio::{
    App,
    handler::Reply,
    plugin::Layer,
    prelude::*,
    wire::packify::{self, Value},
};
use netaio_tests::{Process, python, script, within};

const APP_ID: &[u8] = b"netaio";
/// SHA-256 of `netaio interop seed server`.
const SERVER_SEED: &str = "99dd0e7fbf74cbd4f6c7b6ba889c49da6d433316658e63409865a163d4e2bf80";
/// SHA-256 of `netaio interop seed client`.
const CLIENT_SEED: &str = "2736847e98ed354732a51257b25483ca0e0cfc96e4444cc733c79814647bbda4";

fn cipher(seed: &str) -> X25519Cipher {
    let byte = |at: usize| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap();
    X25519Cipher::new(&std::array::from_fn(byte))
}

/// Returns the cipher of a node that knows the other one's key.
fn knowing(seed: &str, peer: &str) -> Layer {
    Layer::new().cipher(cipher(seed).peer_key(cipher(peer).public_key()).unwrap())
}

/// Packs a node as peers make themselves known: its id, and data with its public key.
fn packed(id: &str, seed: &str) -> Vec<u8> {
    let public_key = Value::Bytes(cipher(seed).public_key().to_vec().into());
    let data = packify::encode(&Value::Dict(vec![("pubkey".into(), public_key)])).unwrap();
    let id = Value::Bytes(id.as_bytes().to_vec().into());
    packify::encode(&Value::Tuple(vec![id, Value::Bytes(data.to_vec().into())])).unwrap().to_vec()
}

#[tokio::test]
async fn our_client_and_the_original_server_open_each_other_s_boxes() {
    let Some(python) = python() else { return };
    let args = [script("server.py").into_os_string(), "x25519".into()];
    let mut server = Process::start(&python, args);
    let port = server.port().await;
    let client = within(TcpClient::builder().connect(("127.0.0.1", port))).await.unwrap();
    let known = Message::new(MessageType::AdvertisePeer, APP_ID, packed("client", CLIENT_SEED));
    within(client.send(known.unwrap())).await.unwrap();
    let answer = within(client.receive()).await.unwrap();
    assert_eq!(answer.message_type(), MessageType::PeerDiscovered);
    let server_key = cipher(SERVER_SEED);
    assert!(answer.content().windows(32).any(|bytes| bytes == server_key.public_key()));

    let sealed = client.with_layer(knowing(CLIENT_SEED, SERVER_SEED));
    for length in [0, 1, 63, 64, 65, 60_000] {
        let content = vec![7; length];
        let response = within(sealed.request("guarded-echo").content(content.clone())).await;
        assert_eq!(response.unwrap().content(), &content);
    }
    assert_eq!(within(sealed.create("u", "one")).await.unwrap().text(), "stored");
    assert_eq!(within(client.request("u")).await.unwrap().text(), "one");
}

#[tokio::test]
async fn the_original_client_and_our_server_open_each_other_s_boxes() {
    let Some(python) = python() else { return };
    let app = App::empty();
    app.on((MessageType::AdvertisePeer, APP_ID), || {
        Reply::new(MessageType::PeerDiscovered, packed("server", SERVER_SEED))
    });
    let boxes = knowing(SERVER_SEED, CLIENT_SEED);
    app.on_with((MessageType::RequestUri, "guarded-echo"), boxes, |content: Content| content);
    let server = within(TcpServer::builder(app).bind("127.0.0.1:0")).await.unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    tokio::spawn(server.run_until(std::future::pending()));
    let args = [script("boxes.py").into_os_string(), "127.0.0.1".into(), port.into()];
    let mut client = Process::start(&python, args);
    assert_eq!(client.line().await.as_deref(), Some("DONE"));
    assert!(client.succeeded().await);
}
