//! Settings may have any value: `Duration::MAX` means for ever, and `usize::MAX` no limit.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use netaio::{
    App, Keepalive, Limits, ReplayMode, ReplayPolicy,
    net::client::{Reconnect, ReconnectEvent},
    peer::{PeerLimits, PeerManagement},
    prelude::*,
    wire::AuthLimits,
};
use tokio::{io::duplex, sync::mpsc, time::timeout};

const EVER: Duration = Duration::MAX;

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

/// Nothing takes too long.
fn patient() -> Limits {
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
    let server = TcpServer::builder(echo()).limits(patient()).manage_peers(every.clone());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let (addr, handle) = (server.local_addr().unwrap(), server.handle());
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let (tell, mut told) = mpsc::unbounded_channel();
    let policy = Reconnect::new().first_pause(EVER).longest_pause(EVER).hook(move |event| {
        let _ = tell.send(matches!(event, ReconnectEvent::Lost { .. }));
    });
    let client = TcpClient::builder()
        .limits(patient())
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
        UdpNode::builder(echo()).limits(patient()).timeout(EVER).manage_peers(every)
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

#[tokio::test(start_paused = true)]
async fn who_waits_for_nothing_still_does_not_ask_without_a_pause() {
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let (near, far) = duplex(1_024);
    let first = Mutex::new(Some(near));
    let policy = Reconnect::new().first_pause(Duration::ZERO).longest_pause(Duration::ZERO);
    let client = TcpClient::builder().reconnect(policy).connect_with(move |_| {
        let attempts = count.fetch_add(1, SeqCst);
        let stream = first.lock().unwrap().take();
        async move {
            if attempts > 5_000 {
                // Enough to know, and the clock would never go on.
                std::future::pending::<()>().await;
            }
            stream.ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
        }
    });
    let client = within(client.connect("a server")).await.unwrap();
    drop(far);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let attempts = attempts.load(SeqCst);
    assert!((900..=2_100).contains(&attempts), "{attempts}");
    drop(client);
}

/// Nothing is too much.
fn unlimited() -> Limits {
    let fields = AuthLimits::default()
        .max_length(usize::MAX)
        .max_entries(usize::MAX)
        .max_depth(usize::MAX)
        .max_items(usize::MAX);
    Limits::default()
        .auth_fields(fields)
        .max_connections(usize::MAX)
        .max_bad_frames(u32::MAX)
        .max_auth_failures(u32::MAX)
        .max_subscriptions(usize::MAX)
        .subscription_memory(usize::MAX)
        .outbound_limit(usize::MAX)
        .backlog(u32::MAX)
        .replay(ReplayPolicy::new(ReplayMode::Enforce).capacity(usize::MAX))
        .log_rate(u32::MAX)
        .max_per_source(usize::MAX)
        .max_unauthenticated(usize::MAX)
        .memory_budget(usize::MAX)
        .max_handlers(usize::MAX)
}

#[tokio::test]
async fn a_server_and_a_client_may_have_no_limits() {
    let app = echo();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    let server = TcpServer::builder(app).limits(unlimited());
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let addr = server.local_addr().unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let client = within(TcpClient::builder().limits(unlimited()).connect(addr)).await.unwrap();
    assert_eq!(within(client.request("u").content("x")).await.unwrap().content(), "x");
    within(client.subscribe("u")).await.unwrap();
}

#[tokio::test]
async fn nodes_may_have_no_limits() {
    let peers = PeerLimits::default()
        .max(usize::MAX)
        .max_addrs(usize::MAX)
        .max_data(usize::MAX)
        .max_per_source(usize::MAX)
        .max_per_addr(usize::MAX);
    let node =
        || UdpNode::builder(echo()).limits(unlimited()).peer_limits(peers).send_queue(usize::MAX);
    let a = within(node().bind("127.0.0.1:0")).await.unwrap().spawn();
    let b = within(node().bind("127.0.0.1:0")).await.unwrap().spawn();
    let call = a.request(b.local_addr(), "u").content("x");
    assert_eq!(within(call).await.unwrap().content(), "x");
}
