//! The X25519 cipher and peer management over TCP against the original, both ways.

use std::path::Path;

use netaio::{
    App,
    peer::{PeerEvent, PeerManagement},
    plugin::Layer,
    prelude::*,
};
use netaio_tests::{Process, python, script, within};

/// SHA-256 of `netaio interop seed server`.
const SERVER_SEED: &str = "99dd0e7fbf74cbd4f6c7b6ba889c49da6d433316658e63409865a163d4e2bf80";
/// SHA-256 of `netaio interop seed client`.
const CLIENT_SEED: &str = "2736847e98ed354732a51257b25483ca0e0cfc96e4444cc733c79814647bbda4";

fn cipher(seed: &str) -> X25519Cipher {
    let byte = |at: usize| u8::from_str_radix(&seed[2 * at..2 * at + 2], 16).unwrap();
    X25519Cipher::new(&std::array::from_fn(byte))
}

/// Returns who a node is that has this key.
fn peer(id: &'static str, seed: &str) -> Peer {
    Peer::new(id).with("pubkey", cipher(seed).public_key().to_vec()).unwrap()
}

#[tokio::test]
async fn our_client_and_the_original_server_open_each_other_s_boxes() {
    let Some(python) = python() else { return };
    let args = [script("server.py").into_os_string(), "x25519".into()];
    let mut server = Process::start(&python, args);
    let port = server.port().await;
    let builder = TcpClient::builder()
        .local_peer(peer("client", CLIENT_SEED))
        .manage_peers(PeerManagement::new());
    let client = builder.build();
    let mut events = client.peers().events();
    let client = within(client.connect_to(("127.0.0.1", port))).await.unwrap();
    let event = within(events.next()).await.unwrap();
    assert!(matches!(&event, PeerEvent::Discovered(peer) if peer.id() == "server"), "{event:?}");
    let known = client.peers().get("server").unwrap();
    let pubkey = known.get("pubkey").unwrap();
    assert_eq!(pubkey.as_bytes(), Some(&cipher(SERVER_SEED).public_key()[..]));

    let sealed = client.with_layer(Layer::new().cipher(cipher(CLIENT_SEED)));
    for length in [0, 1, 63, 64, 65, 60_000] {
        let content = vec![7; length];
        let response = within(sealed.request("guarded-echo").content(content.clone())).await;
        assert_eq!(response.unwrap().content(), &content);
    }
    assert_eq!(within(sealed.create("u", "one")).await.unwrap().text(), "stored");
    assert_eq!(within(client.request("u")).await.unwrap().text(), "one");

    // When it has taken leave the server knows no key for it, and drops what it sealed.
    assert!(client.peers().stop("netaio"));
    let error =
        within(sealed.request("guarded-echo").timeout(std::time::Duration::from_millis(300)));
    assert!(error.await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn the_original_client_and_our_server_open_each_other_s_boxes() {
    let Some(python) = python() else { return };
    let app = App::empty();
    let boxes = Layer::new().cipher(cipher(SERVER_SEED));
    app.on_with((MessageType::RequestUri, "guarded-echo"), boxes, |content: Content| content);
    let server = TcpServer::builder(app)
        .local_peer(peer("server", SERVER_SEED))
        .manage_peers(PeerManagement::new());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    let peers = server.handle().peers();
    let mut events = peers.events();
    tokio::spawn(server.run_until(std::future::pending()));
    let args = [script("boxes.py").into_os_string(), "127.0.0.1".into(), port.into()];
    let mut client = Process::start(&python, args);
    assert_eq!(client.line().await.as_deref(), Some("DONE"));
    assert!(client.succeeded().await);
    let found = within(events.next()).await.unwrap();
    assert!(matches!(&found, PeerEvent::Discovered(peer) if peer.id() == "client"), "{found:?}");
    let lost = within(events.next()).await.unwrap();
    assert!(matches!(&lost, PeerEvent::Lost(peer) if peer.id() == "client"), "{lost:?}");
    assert!(peers.all().is_empty());
}

#[tokio::test]
async fn the_interop_programs_know_each_other_and_the_original_server() {
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    let args = ["server", "--port", "0", "--profile", "x25519"];
    let mut ours = Process::start(interop, args);
    let mut ports = vec![ours.port().await];
    let mut original;
    if let Some(python) = python() {
        let args = [script("server.py").into_os_string(), "x25519".into()];
        original = Process::start(&python, args);
        ports.push(original.port().await);
    }
    for port in ports {
        let port = port.to_string();
        let args = ["client", "--port", &port, "--profile", "x25519"];
        let mut client = Process::start(interop, args);
        let lines = [
            r#"{"id": 1, "op": "connect"}"#,
            r#"{"id": 2, "op": "manage_peers", "app_id": "6e657461696f"}"#,
        ];
        for line in lines {
            client.say(line).await;
            assert!(client.line().await.unwrap().contains("\"ok\":true"));
        }
        // The server answers in order, so it has made itself known before it answers this.
        client.say(r#"{"id": 3, "op": "request", "uri": "6563686f"}"#).await;
        assert!(client.line().await.unwrap().contains("\"ok\":true"));
        client.say(r#"{"id": 4, "op": "peers"}"#).await;
        assert!(client.line().await.unwrap().contains("736572766572"), "the server is known");
        let line = r#"{"id": 5, "op": "create", "uri": "75", "content": "76", "inner": true}"#;
        client.say(line).await;
        assert!(client.line().await.unwrap().contains("73746f726564"), "stored");
        client.say(r#"{"id": 6, "op": "stop_peers"}"#).await;
        assert!(client.line().await.unwrap().contains("\"ok\":true"));
        assert!(client.terminate().await, "SIGTERM ends it in order");
    }
}
