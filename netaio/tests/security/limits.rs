//! What one peer, or all together, can take up. The numbers of tests are those of the threat table.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use netaio::{
    App, Limits, TcpServer,
    handler::Transport,
    net::{Listener, memory},
    plugin::{HmacAuth, Layer},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::Notify,
};

use crate::common::{Raw, Server, within};

fn echo() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app
}

fn frame(uri: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    Message::new(MessageType::RequestUri, uri, content).unwrap().encode().unwrap().to_vec()
}

async fn is_closed(connection: &mut Raw) -> bool {
    within(connection.0.read(&mut [0; 1])).await.is_ok_and(|read| read == 0)
}

/// Waits for what another task does, which nothing tells.
async fn until(mut done: impl FnMut() -> bool) {
    within(async {
        while !done() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn m1_a_frame_that_comes_byte_by_byte_has_its_deadline() {
    let server = Server::new(echo(), |builder| builder);
    let mut slow = server.connect().await;
    let bytes = frame("echo", [0; 100]);
    let start = tokio::time::Instant::now();
    for byte in bytes.chunks(1) {
        if slow.0.write_all(byte).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(40), "it is closed after 30 s");
    assert_eq!(server.counters().timeouts_frame(), 1);
    // Hardened, a connection that says nothing has one too.
    let server = Server::new(echo(), |builder| builder.limits(Limits::hardened()));
    let mut silent = server.connect().await;
    assert!(is_closed(&mut silent).await);
    assert_eq!(server.counters().timeouts_first_frame(), 1);
    // One that speaks and then says nothing, where that is not allowed.
    let limits = Limits::default().idle_timeout(Duration::from_secs(5));
    let server = Server::new(echo(), |builder| builder.limits(limits));
    let mut idle = server.connect().await;
    assert_eq!(idle.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
    assert!(is_closed(&mut idle).await);
    assert_eq!((server.counters().timeouts_idle(), server.counters().timeouts()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn m3_a_peer_that_never_reads_is_read_no_further_and_then_closed() {
    let handled = Arc::new(AtomicUsize::new(0));
    let (app, count) = (App::empty(), Arc::clone(&handled));
    app.on(MessageType::RequestUri, move || {
        count.fetch_add(1, SeqCst);
        vec![0; 60_000]
    });
    let server = Server::new(app, |builder| builder);
    let (mut reader, mut writer) = tokio::io::split(server.connect().await.0);
    let requests = frame("u", "").repeat(10_000);
    let start = tokio::time::Instant::now();
    assert!(writer.write_all(&requests).await.is_err(), "it is closed while it writes");
    assert!(start.elapsed() >= Duration::from_secs(10));
    assert!(handled.load(SeqCst) < 20, "{handled:?} answers were made that nobody reads");
    assert_eq!(server.counters().timeouts_write(), 1);
    let _ = reader.read(&mut [0; 1]).await;
}

#[tokio::test]
async fn m4_those_that_hold_most_make_room_for_the_others() {
    let limits = Limits::default().memory_budget(400_000);
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo()).limits(limits).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let connect = async || Raw(within(connector.connect()).await.unwrap());
    let mut honest = connect().await;
    // Each sends all but the end of a large message, one less than the others.
    let unfinished = frame("echo", [7; 60_000]);
    let mut hoarders = Vec::new();
    for number in 0..20 {
        let mut hoarder = connect().await;
        let part = unfinished.len() - 1 - 1_000 * (number % 2);
        // One that is cut meanwhile takes no more.
        let _ = within(hoarder.0.write_all(&unfinished[..part])).await;
        hoarders.push(hoarder);
        assert_eq!(honest.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
    }
    until(|| handle.counters().budget_evictions() >= 10).await;
    until(|| handle.budget_bytes() <= 400_000).await;
    assert!(handle.budget_bytes() > 100_000, "some still hold what they sent");
    let evicted = handle.counters().budget_evictions();
    assert!(evicted < 20, "{evicted}: those that fit may stay");
    until(|| handle.endpoint().connections() == 21 - usize::try_from(evicted).unwrap()).await;
    // Those that stay are served when they go on.
    let mut served = 0;
    for (number, mut hoarder) in hoarders.into_iter().enumerate() {
        let part = unfinished.len() - 1 - 1_000 * (number % 2);
        if hoarder.0.write_all(&unfinished[part..]).await.is_ok() {
            let mut answer = vec![0; 9];
            served += u64::from(within(hoarder.0.read_exact(&mut answer)).await.is_ok());
        }
    }
    assert_eq!(served + evicted, 20);
    drop(honest);
    until(|| handle.budget_bytes() == 0).await;
}

#[tokio::test]
async fn m5_a_full_server_refuses_and_takes_the_next_when_one_has_gone() {
    let server =
        Server::new(echo(), |builder| builder.limits(Limits::default().max_connections(2)));
    let mut connections = [server.connect().await, server.connect().await];
    for connection in &mut connections {
        assert_eq!(connection.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
    }
    assert!(is_closed(&mut server.connect().await).await);
    assert_eq!((server.counters().refused(), server.counters().refused_full()), (1, 1));
    let [leaving, mut staying] = connections;
    drop(leaving);
    until(|| server.handle.endpoint().connections() == 1).await;
    let mut next = server.connect().await;
    assert_eq!(next.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
    assert_eq!(staying.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
}

/// A listener that has no descriptors for a while.
struct Exhausted(u32, memory::MemoryListener);

impl Listener for Exhausted {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, RemoteAddr)> {
        if self.0 > 0 {
            self.0 -= 1;
            // EMFILE
            return Err(io::Error::from_raw_os_error(24));
        }
        self.1.accept().await
    }

    fn transport(&self) -> Transport {
        Transport::Other
    }
}

#[tokio::test(start_paused = true)]
async fn m5_accepting_goes_on_when_descriptors_are_back() {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo()).listen(Exhausted(8, listener)).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let start = tokio::time::Instant::now();
    let mut connection = Raw(within(connector.connect()).await.unwrap());
    assert_eq!(connection.kind(&frame("echo", "hi")).await, MessageType::RespondUri);
    // 10 ms, doubled each time: eight pauses and not thousands.
    assert_eq!(handle.counters().accept_errors_listener(), 8);
    assert!(start.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn the_oldest_that_have_proved_nothing_go_first() {
    let secret = || Layer::new().auth(HmacAuth::new("a secret of sixteen"));
    let server = Server::new(echo(), |builder| {
        builder.layer(secret()).limits(Limits::default().max_unauthenticated(2))
    });
    let friends = [server.client(secret()).await, server.client(secret()).await];
    for friend in &friends {
        within(friend.request("echo").content("hi")).await.unwrap().ok().unwrap();
    }
    let mut strangers = Vec::new();
    for _ in 0..4 {
        strangers.push(server.connect().await);
        until(|| server.handle.endpoint().connections() >= 2 + strangers.len().min(2)).await;
    }
    until(|| server.counters().strangers_dropped() == 2).await;
    for old in &mut strangers[..2] {
        assert!(is_closed(old).await);
    }
    for new in &mut strangers[2..] {
        assert_eq!(new.kind(&frame("echo", "hi")).await, MessageType::AuthError);
    }
    for friend in &friends {
        within(friend.request("echo").content("hi")).await.unwrap().ok().unwrap();
    }
}

#[tokio::test]
async fn so_many_handlers_run_at_once_and_the_others_wait_for_their_turn() {
    let (running, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let go = Arc::new(Notify::new());
    let app = App::empty();
    let (at_once, peak, signal) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&go));
    app.on(MessageType::RequestUri, move || {
        let (at_once, peak, go) = (Arc::clone(&at_once), Arc::clone(&peak), Arc::clone(&signal));
        async move {
            // Its first step is free: it ends at once, or waits for its turn here.
            tokio::task::yield_now().await;
            peak.fetch_max(at_once.fetch_add(1, SeqCst) + 1, SeqCst);
            go.notified().await;
            at_once.fetch_sub(1, SeqCst);
            "done"
        }
    });
    let server = Server::new(app, |builder| builder.limits(Limits::default().max_handlers(2)));
    let mut calls = Vec::new();
    for _ in 0..5 {
        let client = server.client(Layer::new()).await;
        calls.push(tokio::spawn(client.request("u").into_future()));
    }
    for _ in 0..5 {
        until(|| running.load(SeqCst) > 0).await;
        go.notify_one();
        tokio::task::yield_now().await;
    }
    for call in calls {
        go.notify_one();
        assert_eq!(within(call).await.unwrap().unwrap().content(), "done");
    }
    assert_eq!(most.load(SeqCst), 2);
}
