//! All at once against the reference server, over loopback, while good clients call it: bad auth,
//! malformed frames, peers that never read, half-open connections, ever new subscriptions.
//!
//! `netaio-flood [SECONDS]` starts the `reference_server` that was built beside it, and prints what
//! became of everybody: `cargo build --release --workspace && target/release/netaio-flood 120`.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use netaio::prelude::*;
use netaio_tests::{Reference, usage};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

const SECRET: &str = "a secret of sixteen";
/// How many attackers of each kind there are.
const EACH: u64 = 100;
/// How many messages one attacker sends at most in a second: the processors are shared.
const RATE: u64 = 200;

/// What the attackers of one kind do with a connection, until an error or the end.
#[derive(Clone, Copy)]
struct Attack {
    name: &'static str,
    message: fn(u64) -> Vec<u8>,
    /// Whether they read what is answered.
    reads: bool,
    /// Whether they send one message and stay.
    stays: bool,
}

const ATTACKS: [Attack; 5] = [
    Attack { name: "bad auth", message: bad_auth, reads: true, stays: false },
    Attack { name: "malformed", message: malformed, reads: true, stays: false },
    Attack { name: "never reads", message: never_reads, reads: false, stays: false },
    Attack { name: "half open", message: half_open, reads: true, stays: true },
    Attack { name: "subscriptions", message: subscriptions, reads: true, stays: false },
];

fn encoded(kind: MessageType, uri: &str, content: &[u8], secret: Option<&str>) -> Vec<u8> {
    use netaio::plugin::{AuthPlugin, Direction, PluginContext, System};
    let mut message = Message::new(kind, uri, content).expect("it is small");
    if let Some(secret) = secret {
        let (body, context) =
            (message.body().clone(), PluginContext::new(&System, kind, Direction::Outgoing));
        let fields = message.auth_fields_mut();
        HmacAuth::new(secret).make(fields, &body, &context).expect("it can be signed");
    }
    message.encode().expect("it is small").to_vec()
}

fn bad_auth(_: u64) -> Vec<u8> {
    encoded(MessageType::CreateUri, "u", b"x", Some("another secret, of 16"))
}

fn malformed(number: u64) -> Vec<u8> {
    let mut frame = encoded(MessageType::RequestUri, "u", b"x", Some(SECRET));
    match number % 3 {
        0 => frame[6] ^= 1,
        1 => frame[0] = 200,
        _ => frame[3..5].fill(0xff),
    }
    frame
}

fn never_reads(_: u64) -> Vec<u8> {
    encoded(MessageType::RequestUri, "u", &[7; 60_000], Some(SECRET))
}

fn half_open(number: u64) -> Vec<u8> {
    let frame = encoded(MessageType::RequestUri, "u", &[7; 60_000], Some(SECRET));
    let length = if number.is_multiple_of(2) { frame.len() - 1 } else { 5 };
    frame[..length].to_vec()
}

fn subscriptions(number: u64) -> Vec<u8> {
    encoded(MessageType::SubscribeUri, &format!("topic {number}"), b"", Some(SECRET))
}

#[derive(Default)]
struct Sent {
    messages: AtomicU64,
    connections: AtomicU64,
    closed: AtomicU64,
}

/// Connects again and again, and sends what the attack is made of.
async fn rage(to: SocketAddr, attack: Attack, first: u64, until: Instant, sent: Arc<Sent>) {
    let mut number = first << 32;
    while Instant::now() < until {
        sent.connections.fetch_add(1, Relaxed);
        let Ok(stream) = connect(to, first).await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (mut reader, mut writer) = stream.into_split();
        let drained = async {
            let mut buffer = vec![0; 16 * 1024];
            while attack.reads && reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            if !attack.reads {
                std::future::pending::<()>().await;
            }
        };
        let written = async {
            loop {
                number += 1;
                sent.messages.fetch_add(1, Relaxed);
                if writer.write_all(&(attack.message)(number)).await.is_err() {
                    return;
                }
                if attack.stays {
                    std::future::pending::<()>().await;
                }
                sleep(Duration::from_millis(1_000 / RATE)).await;
            }
        };
        let both = async {
            tokio::select! {
                () = drained => {}
                () = written => {}
            }
        };
        if timeout_at(until, both).await.is_ok() {
            sent.closed.fetch_add(1, Relaxed);
        }
    }
}

async fn connect(to: SocketAddr, number: u64) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let host = u8::try_from(number % 200 + 1).unwrap_or(1);
    socket.bind(SocketAddr::from(([127, 0, 2, host], 0)))?;
    timeout(Duration::from_secs(5), socket.connect(to)).await?
}

/// Calls one after the other; returns how long each took, and what failed.
async fn call(to: SocketAddr, until: Instant) -> (Vec<Duration>, BTreeMap<String, u64>) {
    let (mut took, mut failed) = (Vec::new(), BTreeMap::new());
    let mut note = |error: String| *failed.entry(error).or_default() += 1;
    let client = match TcpClient::builder().auth(HmacAuth::new(SECRET)).connect(to).await {
        Ok(client) => client,
        Err(error) => {
            note(error.to_string());
            return (took, failed);
        }
    };
    while Instant::now() < until {
        let start = Instant::now();
        match client.request("good").content("good").await {
            Ok(answer) if answer.content() == "good" => took.push(start.elapsed()),
            Ok(answer) => note(answer.text().into_owned()),
            Err(error) => note(error.to_string()),
        }
        sleep(Duration::from_millis(2)).await;
    }
    client.close().await;
    (took, failed)
}

async fn good_clients(to: SocketAddr, until: Instant) -> String {
    let mut clients = JoinSet::new();
    (0..8).for_each(|_| drop(clients.spawn(call(to, until))));
    let (mut all, mut errors) = (Vec::new(), BTreeMap::<String, u64>::new());
    while let Some(done) = clients.join_next().await {
        let (took, failed) = done.expect("no client panics");
        all.extend(took);
        failed.into_iter().for_each(|(error, count)| *errors.entry(error).or_default() += count);
    }
    all.sort_unstable();
    let at = |part: usize| all.get(all.len() * part / 100).copied().unwrap_or_default();
    let failed: u64 = errors.values().sum();
    format!(
        "{} answered, {failed} failed {errors:?}, median {:?}, 99 of 100 within {:?}",
        all.len(),
        at(50),
        at(99)
    )
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(10), |seconds| seconds.parse())?;
    let time = Duration::from_secs(seconds).min(Duration::from_secs(600));
    let mut server = Reference::start(&["--secret", SECRET], None).await?;
    let (to, pid) = (server.to, server.pid());

    println!(
        "quiet:  {}",
        good_clients(to, Instant::now() + time.min(Duration::from_secs(10))).await
    );
    let before = server.usage();
    let until = Instant::now() + time;
    let (mut storm, mut counts) = (JoinSet::new(), Vec::new());
    for attack in ATTACKS {
        let sent = Arc::new(Sent::default());
        (0..EACH).for_each(|first| {
            drop(storm.spawn(rage(to, attack, first, until, Arc::clone(&sent))));
        });
        counts.push((attack.name, sent));
    }
    let watch = tokio::spawn(async move {
        let mut most = (0, 0);
        while Instant::now() < until {
            let now = usage(pid);
            most = (most.0.max(now.memory), most.1.max(now.descriptors));
            sleep(Duration::from_millis(200)).await;
        }
        most
    });
    println!("stormy: {}", good_clients(to, until).await);
    while storm.join_next().await.is_some() {}
    let most = watch.await?;
    for (name, sent) in counts {
        println!(
            "        {name}: {} messages over {} connections, {} of them closed by the server",
            sent.messages.load(Relaxed),
            sent.connections.load(Relaxed),
            sent.closed.load(Relaxed)
        );
    }
    sleep(Duration::from_secs(5)).await;
    let after = server.usage();
    println!(
        "memory: {} KiB before, {} at most, {} after 5 s",
        before.memory, most.0, after.memory
    );
    println!(
        "descriptors: {} before, {} at most, {} after",
        before.descriptors, most.1, after.descriptors
    );
    println!("log: {} KiB", server.logged() / 1024);
    server.lives()
}
