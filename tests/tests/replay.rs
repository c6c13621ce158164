//! Programs on the original that repeat what they have signed, against our defaults.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use netaio::{
    App, Limits, ReplayMode, net::TcpServer, peer::PeerManagement, plugin::Binding, prelude::*,
};
use netaio_tests::{Process, python, script, within};

fn start(python: &std::path::Path, kind: &str, port: u16) -> Process {
    let (program, port) = (script("repeats.py"), port.to_string());
    let program = program.to_str().expect("the path is text");
    Process::start(python, [program, kind, "127.0.0.1", &port])
}

#[tokio::test]
async fn a_node_that_sends_one_signed_request_again_is_answered_and_its_create_runs_once() {
    let Some(python) = python() else { return };
    let created = Arc::new(AtomicU32::new(0));
    let app = App::empty();
    app.on(MessageType::RequestUri, |content: Content| content);
    let count = Arc::clone(&created);
    app.on(MessageType::CreateUri, move |_: Uri| {
        count.fetch_add(1, Relaxed);
        "stored"
    });
    let node = UdpNode::builder(app).auth(HmacAuth::new("test"));
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let mut original = start(&python, "udp", node.local_addr().port());
    for _ in 0..3 {
        assert_eq!(original.line().await.as_deref(), Some("1"), "RESPOND_URI");
    }
    // The repeated CREATE is known byte for byte: it is answered, and not run again.
    for _ in 0..2 {
        assert_eq!(original.line().await.as_deref(), Some("10"), "OK");
    }
    assert!(original.succeeded().await);
    assert_eq!(created.load(Relaxed), 1);
    assert_eq!(node.counters().replays_seen(), 2, "the requests, which were counted");
}

#[tokio::test]
async fn a_client_that_introduces_itself_on_each_connection_with_one_signature_is_known() {
    let Some(python) = python() else { return };
    for (mode, known) in
        [(ReplayMode::Graded, ["1", "1", "1"]), (ReplayMode::Enforce, ["1", "0", "0"])]
    {
        let app = App::empty();
        app.on((MessageType::RequestUri, "peers"), |peer: Option<Peer>| {
            u32::from(peer.is_some()).to_string()
        });
        let server = TcpServer::builder(app)
            .auth(HmacAuth::new("test"))
            .limits(Limits::default().replay(mode))
            .manage_peers(PeerManagement::new().auth(HmacAuth::new("test2").field("hmac2")));
        let server = within(server.bind("127.0.0.1:0")).await.unwrap();
        let (port, handle) = (server.local_addr().unwrap().port(), server.handle());
        tokio::spawn(server.run_until(std::future::pending()));
        let mut original = start(&python, "tcp", port);
        for known in known {
            assert_eq!(original.line().await, Some(format!("1 {known}")), "{mode:?}");
        }
        assert!(original.succeeded().await);
        // With the default the repeated introductions are counted.
        assert!(handle.counters().replays_seen() >= 2, "{mode:?}");
    }
}

#[tokio::test]
async fn an_offered_binding_is_no_matter_to_the_original() {
    let Some(python) = python() else { return };
    let args = [script("server.py").into_os_string(), "readme".into()];
    let mut server = Process::start(&python, args);
    let port = server.port().await;
    let offer = |secret| HmacAuth::new(secret).binding(Binding::Offer);
    let client = TcpClient::builder().auth(offer("test"));
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
    let admin = client.with_auth(offer("adminpassword").field("camh"));
    assert_eq!(within(admin.create("u", "one")).await.unwrap().text(), "stored");
    // What is required of it, it can't give.
    let strict = HmacAuth::new("test").binding(Binding::Require);
    let client = TcpClient::builder().auth(strict);
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    let refused = within(client.request("echo").content("hi")).await.unwrap();
    assert_eq!(refused.message_type(), MessageType::AuthError);
    assert!(!refused.is_verified());
}
