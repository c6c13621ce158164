//! Proof of work with the original package, whose plugin is among the examples.

use netaio::{App, plugin::HashcashAuth, prelude::*};
use netaio_tests::{Process, python, script, within};

const BITS: u8 = 12;

fn plugin() -> HashcashAuth {
    HashcashAuth::new("test", BITS)
}

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

async fn asks(python: &std::path::Path, kind: &str, port: u16) {
    let program = script("hashcash_peer.py");
    let program = program.to_str().expect("the path is text");
    let mut original = Process::start(python, [program, kind, &port.to_string()]);
    for expected in ["paid", "paid", "nothing"] {
        assert_eq!(original.line().await.as_deref(), Some(expected), "{kind}");
    }
    assert!(original.succeeded().await);
}

#[tokio::test]
async fn the_original_pays_our_server_and_our_node() {
    let Some(python) = python() else { return };
    let server = TcpServer::builder(echo()).auth(plugin());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let (port, handle) = (server.local_addr().unwrap().port(), server.handle());
    tokio::spawn(server.run_until(std::future::pending()));
    asks(&python, "client", port).await;
    assert_eq!(handle.counters().auth_failures(), 1);

    let node = UdpNode::builder(echo()).auth(plugin());
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    asks(&python, "node", node.local_addr().port()).await;
    assert_eq!(node.counters().auth_failures(), 1);
}

#[tokio::test]
async fn our_client_pays_the_original_server() {
    let Some(python) = python() else { return };
    let args = [script("hashcash_peer.py").into_os_string(), "server".into()];
    let mut server = Process::start(&python, args);
    let port = server.port().await;
    let client = TcpClient::builder().auth(plugin());
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    for _ in 0..3 {
        assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
    }
    let client = TcpClient::builder().auth(plugin().pay(0));
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    let refused = within(client.request("echo").content("hi")).await.unwrap();
    assert_eq!(refused.text(), "proof of work missing");
}
