//! Locks and witnesses against the original over TCP, both ways; over UDP see `udp`.

use std::path::Path;

use netaio::{
    App,
    peer::{PeerEvent, PeerManagement},
    plugin::Layer,
    prelude::*,
    tapescript::{Script, SigFlags, crypto, tools},
};
use netaio_tests::{Process, python, script, within};
use sha2::{Digest, Sha256};

fn seed(name: &str) -> [u8; 32] {
    Sha256::new().chain_update("netaio interop seed ").chain_update(name).finalize().into()
}

fn key(name: &str) -> [u8; 32] {
    crypto::public_key(&seed(name))
}

fn single(name: &str) -> Script {
    tools::single_sig_lock(&key(name), SigFlags::NONE)
}

async fn original_server(python: &Path, profile: &str) -> (Process, u16) {
    let mut server = Process::start(python, [script("server.py").into_os_string(), profile.into()]);
    let port = server.port().await;
    (server, port)
}

/// Runs the original's client against a server of ours.
async fn original_client(python: &Path, profile: &str, port: u16) {
    let port = port.to_string();
    let args =
        [script("calls.py").into_os_string(), profile.into(), "127.0.0.1".into(), port.into()];
    let mut client = Process::start(python, args);
    assert_eq!(client.line().await.as_deref(), Some("DONE"), "{profile}");
    assert!(client.succeeded().await);
}

/// The key path is taken by the interop program, the script path by the plugin that is made here.
#[tokio::test]
async fn our_client_opens_the_original_s_locks() {
    let Some(python) = python() else { return };
    let committed = single("admin");
    let by_script = {
        let committed = committed.clone();
        let lock = tools::taproot_lock(&key("shared"), &committed.commitment(), SigFlags::NONE);
        TapescriptAuth::new(&seed("admin"), lock.unwrap()).witness(move |seed, fields| {
            let signature = tools::single_sig_witness(seed, fields, SigFlags::NONE)?;
            Ok(signature + tools::taproot_script_witness(&key("shared"), &committed)?)
        })
    };
    let by_key = by_script.clone().witness({
        let commitment = committed.commitment();
        move |_, fields| {
            tools::taproot_key_witness(&seed("shared"), fields, &commitment, SigFlags::NONE)
        }
    });
    let stranger = by_script
        .clone()
        .witness(|_, fields| tools::single_sig_witness(&seed("client"), fields, SigFlags::NONE));
    let (_server, port) = original_server(&python, "tapescript-taproot").await;
    for (auth, opens) in [(by_script, true), (by_key, true), (stranger, false)] {
        let client = TcpClient::builder().layer(Layer::new().auth(auth));
        let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
        let response = within(client.request("echo").content("content")).await.unwrap();
        let expected = if opens { MessageType::RespondUri } else { MessageType::AuthError };
        assert_eq!(response.message_type(), expected);
    }
}

#[tokio::test]
async fn the_original_client_opens_our_locks() {
    let Some(python) = python() else { return };
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    for profile in ["tapescript-single", "tapescript-taproot", "asymmetric"] {
        let args = ["server", "--port", "0", "--profile", profile];
        let mut server = Process::start(interop, args);
        let port = server.port().await;
        original_client(&python, profile, port).await;
        if profile == "tapescript-taproot" {
            original_client(&python, "tapescript-taproot-script", port).await;
        }
        assert!(server.terminate().await);
    }
}

#[tokio::test]
async fn the_interop_client_opens_the_locks_of_both_servers() {
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    for profile in ["tapescript-single", "tapescript-taproot", "asymmetric"] {
        let mut ours = Process::start(interop, ["server", "--port", "0", "--profile", profile]);
        let mut ports = vec![ours.port().await];
        let mut original = None;
        if let Some(python) = python() {
            let (server, port) = original_server(&python, profile).await;
            original = Some(server);
            ports.push(port);
        }
        for port in ports {
            let port = port.to_string();
            let args = ["client", "--port", &port, "--profile", profile];
            let mut client = Process::start(interop, args);
            let mut lines = vec![r#"{"id": 1, "op": "connect"}"#];
            if profile == "asymmetric" {
                lines.push(r#"{"id": 2, "op": "manage_peers", "app_id": "6e657461696f"}"#);
            }
            // The server answers in order, so it has made itself known before it answers this.
            lines.push(r#"{"id": 3, "op": "request", "uri": "6563686f"}"#);
            for line in lines {
                client.say(line).await;
                let answer = client.line().await.unwrap();
                assert!(answer.contains("\"ok\":true"), "{profile}: {answer}");
            }
            let line = r#"{"id": 5, "op": "create", "uri": "75", "content": "76", "inner": true}"#;
            client.say(line).await;
            let answer = client.line().await.unwrap();
            assert!(answer.contains("73746f726564"), "stored: {answer}");
            assert!(client.terminate().await, "SIGTERM ends it in order");
        }
        drop(original);
    }
}

/// A plugin whose own lock is this node's, and that takes the other's for the peer it knows.
fn own_lock(role: &'static str, other: &'static str) -> TapescriptAuth {
    TapescriptAuth::new(&seed(role), single(role)).peer_locks(move |peer, lock| {
        peer.id == other.as_bytes() && lock == single(other).as_bytes()
    })
}

fn peer(role: &'static str) -> Peer {
    Peer::new(role).with("lock", single(role).into_bytes()).unwrap()
}

#[tokio::test]
async fn each_peer_is_checked_with_its_own_lock() {
    let Some(python) = python() else { return };

    let (_server, port) = original_server(&python, "peer-locks").await;
    let builder =
        TcpClient::builder().local_peer(peer("client")).manage_peers(PeerManagement::new());
    let client = builder.build();
    let mut events = client.peers().events();
    let client = within(client.connect_to(("127.0.0.1", port))).await.unwrap();
    let event = within(events.next()).await.unwrap();
    assert!(matches!(&event, PeerEvent::Discovered(peer) if peer.id() == "server"), "{event:?}");
    let signed = client.with_auth(own_lock("client", "server"));
    let response = within(signed.request("guarded-echo").content("content")).await.unwrap();
    assert_eq!(response.text(), "content");

    let app = App::empty();
    let auth = || Layer::new().auth(own_lock("server", "client"));
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app.on_with((MessageType::RequestUri, "guarded-echo"), auth(), |content: Content| content);
    app.on_with(MessageType::CreateUri, auth(), || "stored");
    app.on((MessageType::RequestUri, "u"), || "one");
    app.on_with(MessageType::DeleteUri, auth(), || "deleted");
    let server = TcpServer::builder(app).local_peer(peer("server"));
    let server = server.manage_peers(PeerManagement::new());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let port = server.local_addr().unwrap().port();
    tokio::spawn(server.run_until(std::future::pending()));
    original_client(&python, "peer-locks", port).await;
}
