//! A storm of garbage, spoofed and oversized datagrams against a node of ours, over loopback, while
//! a good peer calls it: `netaio-storm [SECONDS]`. It prints what became of both.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use netaio::peer::PeerPlugin;
use netaio::{App, net::UdpHandle, peer::PackifyPeers, peer::PeerManagement, prelude::*};

/// The addresses that the storm comes from: all of 127.0.0.0/8 is this machine.
const SOURCES: u8 = 100;
/// The most datagrams that it sends in all.
const MOST: u64 = 20_000_000;

#[derive(Default)]
struct Storm {
    over: AtomicBool,
    datagrams: AtomicU64,
    sent: AtomicU64,
    answered: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |seconds| seconds.parse())?;
    let time = Duration::from_secs(seconds).min(Duration::from_secs(120));
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    for (name, secret) in [("without auth", None), ("with HMAC", Some("a secret of sixteen"))] {
        let layered = |builder: netaio::net::UdpNodeBuilder| match secret {
            Some(secret) => builder.auth(HmacAuth::new(secret)),
            None => builder,
        };
        let server = layered(UdpNode::builder(app.clone())).manage_peers(PeerManagement::new());
        let server = server.bind("127.0.0.1:0").await?.spawn();
        let client = layered(UdpNode::builder(App::empty())).bind("127.0.0.1:0").await?.spawn();
        let to = server.local_addr();
        let quiet = call_for(&client, to, time).await;
        let before = resident();
        let storm = Arc::new(Storm::default());
        let raging = Arc::clone(&storm);
        let thread = thread::spawn(move || rage(&raging, to));
        let stormy = call_for(&client, to, time).await;
        storm.over.store(true, Relaxed);
        thread.join().expect("the storm ends")?;

        let (sent, answered) = (storm.sent.load(Relaxed), storm.answered.load(Relaxed));
        println!("{name}:");
        println!("  quiet:  {quiet}");
        println!("  stormy: {stormy}");
        println!(
            "  storm:  {} datagrams, {sent} bytes, {answered} bytes came back ({:.4} each)",
            storm.datagrams.load(Relaxed),
            answered as f64 / sent as f64,
        );
        let counters = server.counters();
        println!(
            "  node:   {} rejected, {} auth failures, {} answers suppressed, {} peers, {} refused",
            counters.rejected(),
            counters.auth_failures(),
            counters.replies_suppressed(),
            server.peers().all().len(),
            counters.peers_refused(),
        );
        let topics = server.subscriptions().len();
        println!("  memory: {} KiB more, {topics} topics", resident().saturating_sub(before));
        server.shutdown();
        client.shutdown();
    }
    Ok(())
}

/// Calls one after the other for a time; each may be sent again, since the storm fills the socket.
async fn call_for(client: &UdpHandle, to: SocketAddr, time: Duration) -> Calls {
    let (start, mut calls) = (Instant::now(), Calls::default());
    while start.elapsed() < time {
        let asked = Instant::now();
        let call = client.request(to, "echo").content("good").timeout(Duration::from_secs(5));
        match call.retransmit(100, Duration::from_millis(20)).await {
            Ok(answer) if answer.content() == "good" => calls.took.push(asked.elapsed()),
            _ => calls.failed += 1,
        }
    }
    calls.took.sort_unstable();
    calls
}

#[derive(Default)]
struct Calls {
    took: Vec<Duration>,
    failed: usize,
}

impl std::fmt::Display for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |part: usize| self.took.get(self.took.len() * part / 100).copied();
        let (half, most) = (at(50).unwrap_or_default(), at(99).unwrap_or_default());
        write!(f, "{} answered, {} failed, ", self.took.len(), self.failed)?;
        write!(f, "median {half:?}, 99 of 100 within {most:?}")
    }
}

/// Sends garbage, damaged, unsigned, oversized and ever new messages as fast as it can.
fn rage(storm: &Storm, to: SocketAddr) -> std::io::Result<()> {
    let sockets: Vec<_> = (1..=SOURCES)
        .map(|host| {
            let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 1, host], 0)))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect::<std::io::Result<_>>()?;
    let encoded = |kind, uri: &str, content: &[u8]| {
        let message = Message::new(kind, uri, content).expect("it is small");
        message.encode().expect("it is small").to_vec()
    };
    let mut damaged = encoded(MessageType::RequestUri, "echo", b"damaged");
    damaged[6] ^= 1;
    let fixed = [
        vec![0xff; 40],
        vec![0; 1_200],
        damaged,
        encoded(MessageType::DeleteUri, "nobody handles this", b""),
        encoded(MessageType::NotFound, "echo", b"not found"),
        encoded(MessageType::RequestUri, "echo", &[7; 60_000]),
        vec![1, 0, 3, 255, 255, 0, 0, 0, 0],
    ];
    let mut received = [0; 65_536];
    for number in 0..MOST {
        if storm.over.load(Relaxed) {
            break;
        }
        let datagram = match number % 10 {
            // Ever new peers and topics, to fill the tables.
            7 | 8 => {
                let peer = Peer::new(format!("peer {number}")).with_data(vec![1; 100]);
                let content = PackifyPeers.pack(&peer);
                encoded(MessageType::AdvertisePeer, "netaio", &content)
            }
            9 => encoded(MessageType::SubscribeUri, &format!("topic {number}"), b""),
            kind => fixed[kind as usize].clone(),
        };
        let socket = &sockets[number as usize % sockets.len()];
        if socket.send_to(&datagram, to).is_ok() {
            storm.datagrams.fetch_add(1, Relaxed);
            storm.sent.fetch_add(datagram.len() as u64, Relaxed);
        }
        while let Ok(length) = socket.recv(&mut received) {
            storm.answered.fetch_add(length as u64, Relaxed);
        }
    }
    Ok(())
}

/// Returns the resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or_default()
}
