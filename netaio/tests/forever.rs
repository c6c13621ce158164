//! `Duration::MAX` means for ever, wherever a duration is set.

use std::time::Duration;

use netaio::{
    App, Keepalive, Limits, ReplayMode, ReplayPolicy,
    net::client::{Reconnect, ReconnectEvent},
    peer::PeerManagement,
    prelude::*,
};
use tokio::{sync::mpsc, time::timeout};

const EVER: Duration = Duration::MAX;

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn limits() -> Limits {
    Limits::default()
        .first_frame_timeout(EVER)
        .frame_timeout(EVER)
        .write_timeout(EVER)
        .idle_timeout(EVER)
        .handler_timeout(EVER)
        .shutdown_grace(EVER)
        .keepalive(Keepalive::default().after(EVER).every(EVER))
        .replay(ReplayPolicy::new(ReplayMode::Enforce).window(EVER, EVER))
}

fn echo() -> App {
    let app = App::empty();
    app.on(MessageType::RequestUri, async |content: Content| {
        // It waits, so that its time-out counts.
        tokio::task::yield_now().await;
        content
    });
    app
}

#[tokio::test]
async fn a_server_and_a_client_may_wait_for_ever() {
    let every = PeerManagement::new().every(EVER).timeout(EVER);
    let server = TcpServer::builder(echo()).limits(limits()).manage_peers(every.clone());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let (addr, handle) = (server.local_addr().unwrap(), server.handle());
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let (tell, mut told) = mpsc::unbounded_channel();
    let policy = Reconnect::new().first_pause(EVER).longest_pause(EVER).hook(move |event| {
        let _ = tell.send(matches!(event, ReconnectEvent::Lost { .. }));
    });
    let client = TcpClient::builder()
        .limits(limits())
        .timeout(EVER)
        .connect_timeout(EVER)
        .reconnect(policy)
        .manage_peers(every);
    let client = within(client.connect(addr)).await.unwrap();
    for call in [client.request("u").content("x"), client.request("u").content("x").timeout(EVER)] {
        assert_eq!(within(call).await.unwrap().content(), "x");
    }
    handle.shutdown();
    within(serving).await.unwrap();
    assert_eq!(within(told.recv()).await, Some(true));
    assert!(within(client.request("u")).await.unwrap_err().is_closed());
}

#[tokio::test]
async fn nodes_may_wait_for_ever() {
    let node = || {
        let every = PeerManagement::new().every(EVER).timeout(EVER);
        UdpNode::builder(echo()).limits(limits()).timeout(EVER).manage_peers(every)
    };
    let a = within(node().bind("127.0.0.1:0")).await.unwrap().spawn();
    let b = within(node().seeds([a.local_addr()]).bind("127.0.0.1:0")).await.unwrap().spawn();
    for call in [
        a.request(b.local_addr(), "u").content("x"),
        a.request(b.local_addr(), "u").content("x").timeout(EVER).retransmit(1, EVER),
    ] {
        assert_eq!(within(call).await.unwrap().content(), "x");
    }
}
