//! Load and endurance, each scenario against a server in a process of its own, over loopback.
//!
//! `cargo build --release --workspace && target/release/netaio-soak SCENARIO [SECONDS]` prints what
//! was measured; it judges only what can't depend on the machine.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use netaio::{App, TcpServer, prelude::*};
use netaio_tests::Reference;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

#[derive(Parser)]
#[command(about = "Load and endurance, scenario by scenario")]
struct Args {
    scenario: Scenario,
    /// How long, where that is free.
    #[arg(default_value_t = 60)]
    seconds: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scenario {
    /// 10,000 connections: how fast they are made, what they cost, and 20,000 requests a second.
    Crowd,
    /// A subscriber that does not read, while 64 MB are published to it and to others.
    Slow,
    /// More connections than a server has descriptors for.
    Descriptors,
    /// 100,000 frames that are refused.
    Malformed,
    /// SIGTERM under load, 100 times.
    Stop,
    /// Calls, subscriptions and faults, for a while.
    Soak,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // What `stop` stops.
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve().await;
    }
    let Args { scenario, seconds } = Args::parse();
    let time = Duration::from_secs(seconds);
    match scenario {
        Scenario::Crowd => crowd(time).await,
        Scenario::Slow => slow().await,
        Scenario::Descriptors => descriptors().await,
        Scenario::Malformed => malformed().await,
        Scenario::Stop => stop().await,
        Scenario::Soak => soak(time).await,
    }
}

fn frame(kind: MessageType, uri: &str, content: &[u8]) -> Vec<u8> {
    let message = Message::new(kind, uri, content).expect("it is small");
    message.encode().expect("it is small").to_vec()
}

/// Sends a request and waits for its answer, which is as long as itself.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Duration> {
    let start = Instant::now();
    stream.write_all(request).await?;
    stream.read_exact(&mut vec![0; request.len()]).await?;
    Ok(start.elapsed())
}

/// Returns the time within which so many of a hundred were.
fn within(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

async fn crowd(time: Duration) -> anyhow::Result<()> {
    const CONNECTIONS: u32 = 10_000;
    const PER_SECOND: u32 = 2;
    let mut server = Reference::start(&[], None).await?;
    let (to, before, start) = (server.to, server.usage(), Instant::now());
    let request = frame(MessageType::RequestUri, "u", b"hello");
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        streams.push(TcpStream::connect(to).await?);
    }
    let connected = start.elapsed();
    for stream in &mut streams {
        ask(stream, &request).await.context("each connection is served")?;
    }
    let (served, idle) = (start.elapsed(), server.usage());
    println!(
        "crowd: {CONNECTIONS} connections in {connected:?}, each served in {served:?}, {:.1} KiB each",
        (idle.memory - before.memory) as f64 / f64::from(CONNECTIONS)
    );
    let until = Instant::now() + time;
    let mut callers = JoinSet::new();
    for (number, mut stream) in streams.into_iter().enumerate() {
        let request = request.clone();
        let pause = Duration::from_secs(1) / PER_SECOND;
        callers.spawn(async move {
            let mut next = Instant::now() + pause * (number as u32 % 1_000) / 1_000;
            let mut took = Vec::new();
            while next < until {
                tokio::time::sleep_until(next).await;
                took.push(ask(&mut stream, &request).await?);
                next += pause;
            }
            std::io::Result::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = callers.join_next().await {
        took.extend(done??);
    }
    let cpu = server.usage().cpu - idle.cpu;
    println!(
        "crowd: {:.0} requests a second, median {:?}, 99 of 100 within {:?}, {:.1} µs of processor each",
        took.len() as f64 / time.as_secs_f64(),
        within(&mut took, 50),
        within(&mut took, 99),
        cpu.as_micros() as f64 / took.len() as f64
    );
    server.lives()
}

async fn slow() -> anyhow::Result<()> {
    const MESSAGE: usize = 32 * 1024;
    const MESSAGES: u64 = 64 * 1024 * 1024 / MESSAGE as u64;
    let mut server = Reference::start(&[], None).await?;
    let mut stalled = TcpStream::connect(server.to).await?;
    stalled.write_all(&frame(MessageType::SubscribeUri, "news", b"")).await?;
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let client = TcpClient::builder().connect(server.to).await?;
        let mut news = client.subscribe("news").await?;
        readers.spawn(async move {
            let _client = client;
            for number in 0..MESSAGES {
                let message = news.next().await.context("it was cut")?;
                ensure!(message.content()[..8] == number.to_be_bytes(), "out of order at {number}");
                ensure!(news.missed() == 0, "it was too slow itself");
            }
            anyhow::Ok(())
        });
    }
    let publisher = TcpClient::builder().connect(server.to).await?;
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    let mut content = vec![0; MESSAGE];
    for number in 0..MESSAGES {
        content[..8].copy_from_slice(&number.to_be_bytes());
        let start = Instant::now();
        publisher.call(MessageType::PublishUri, "news").content(&content).await?.ok()?;
        longest = longest.max(start.elapsed());
    }
    let took = start.elapsed();
    while let Some(done) = timeout(Duration::from_secs(30), readers.join_next()).await? {
        done??;
    }
    let mut received = 0;
    let cut = timeout(Duration::from_secs(10), async {
        let mut part = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = stalled.read(&mut part).await {
            received += read;
        }
    });
    cut.await.context("the stalled subscriber is cut")?;
    println!(
        "slow: 64 MiB to 4 subscribers in {took:?}, longest call {longest:?}; the fifth was cut, {} KiB were on their way to it",
        received / 1024
    );
    server.lives()
}

async fn descriptors() -> anyhow::Result<()> {
    let mut server = Reference::start(&[], Some(128)).await?;
    let (to, before) = (server.to, server.usage());
    let request = frame(MessageType::RequestUri, "u", b"hello");
    let mut honest = TcpStream::connect(to).await?;
    ask(&mut honest, &request).await?;
    let mut held = Vec::new();
    // Those that are refused try again, a hundred times a second in all.
    let (start, cpu, mut refused, mut took) = (Instant::now(), server.usage().cpu, 0, Vec::new());
    while start.elapsed() < Duration::from_secs(10) {
        let mut stream = TcpStream::connect(to).await?;
        match timeout(Duration::from_secs(1), ask(&mut stream, &request)).await? {
            Ok(_) => held.push(stream),
            Err(_) => refused += 1,
        }
        took.push(ask(&mut honest, &request).await.context("who is connected is served")?);
        sleep(Duration::from_millis(10)).await;
    }
    let (busy, full) = (server.usage().cpu - cpu, server.usage());
    let held_most = held.len();
    drop(held);
    let release = Instant::now();
    let again = timeout(Duration::from_secs(10), async {
        loop {
            let mut stream = TcpStream::connect(to).await?;
            if ask(&mut stream, &request).await.is_ok() {
                return anyhow::Ok(release.elapsed());
            }
            sleep(Duration::from_millis(10)).await;
        }
    });
    let again = again.await.context("others are served when there is room")??;
    drop(honest);
    sleep(Duration::from_secs(2)).await;
    println!(
        "descriptors: {held_most} held, {refused} refused, {:.1} % of a processor, honest 99 of 100 within {:?}; {} open at most; served again after {again:?}; {} open before, {} after",
        busy.as_secs_f64() * 10.0,
        within(&mut took, 99),
        full.descriptors,
        before.descriptors,
        server.usage().descriptors
    );
    ensure!(refused > 0, "the server was never full");
    ensure!(server.usage().descriptors == before.descriptors, "descriptors were lost");
    server.lives()
}

async fn malformed() -> anyhow::Result<()> {
    const FRAMES: u32 = 100_000;
    /// After which a connection is closed.
    const EACH: u32 = 16;
    let mut server = Reference::start(&["--secret", "a secret of sixteen"], None).await?;
    let mut damaged = frame(MessageType::RequestUri, "u", b"hello");
    *damaged.last_mut().expect("it has bytes") ^= 1;
    let unsigned = frame(MessageType::CreateUri, "u", b"hello");
    for (name, frame) in [("damaged", damaged), ("unsigned", unsigned)] {
        let (cpu, logged) = (server.usage().cpu, server.logged());
        let burst = frame.repeat(EACH as usize);
        for _ in 0..FRAMES / EACH {
            let mut stream = TcpStream::connect(server.to).await?;
            stream.write_all(&burst).await?;
            stream.read_to_end(&mut Vec::new()).await?;
        }
        sleep(Duration::from_millis(200)).await;
        println!(
            "malformed: {FRAMES} {name} frames, {:.1} µs of processor each, connections included; {} KiB of log",
            (server.usage().cpu - cpu).as_micros() as f64 / f64::from(FRAMES),
            (server.logged() - logged) / 1024
        );
    }
    server.lives()
}

/// Serves until SIGTERM, and says then how many requests its handler has had.
async fn serve() -> anyhow::Result<()> {
    let (app, handled) = (App::empty(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&handled);
    app.on(MessageType::RequestUri, move |content: Content| {
        count.fetch_add(1, Relaxed);
        content
    });
    let count = Arc::clone(&handled);
    app.on(MessageType::CreateUri, move |content: Content| {
        count.fetch_add(1, Relaxed);
        async move {
            // What has been read is to be done within the server's grace, however much it is.
            tokio::task::yield_now().await;
            content
        }
    });
    let server = TcpServer::builder(app).bind("127.0.0.1:0").await?;
    println!("{}", server.local_addr()?);
    server.run().await?;
    println!("{}", handled.load(Relaxed));
    Ok(())
}

/// Keeps requests on their way until the server is gone; returns how many answers came.
async fn hammer(to: SocketAddr, kind: MessageType) -> u64 {
    let Ok(stream) = TcpStream::connect(to).await else { return 0 };
    let (mut reader, mut writer) = stream.into_split();
    let request = frame(kind, "u", b"hello");
    let length = request.len();
    let write = async {
        let burst = request.repeat(8);
        while writer.write_all(&burst).await.is_ok() {
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    };
    let read = async {
        let (mut answers, mut answer) = (0, vec![0; length]);
        while reader.read_exact(&mut answer).await.is_ok() {
            answers += 1;
        }
        answers
    };
    tokio::select! {
        answers = read => answers,
        () = write => unreachable!("it never ends"),
    }
}

async fn stop() -> anyhow::Result<()> {
    const RUNS: u32 = 100;
    let (mut all, mut complete) = (0, 0);
    for run in 0..RUNS {
        let mut server = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = server.id().context("it runs")?.to_string();
        let mut lines = BufReader::new(server.stdout.take().context("it is piped")?).lines();
        let to = lines.next_line().await?.context("it says where it listens")?.parse()?;
        let mut clients = JoinSet::new();
        for number in 0..20 {
            // Some answer at once, others after a while.
            let kind = [MessageType::RequestUri, MessageType::CreateUri][number % 2];
            clients.spawn(hammer(to, kind));
        }
        sleep(Duration::from_millis(50 + u64::from(run))).await;
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await?;
        ensure!(asked.success(), "the signal was sent");
        let handled: u64 = lines.next_line().await?.context("it says what it has done")?.parse()?;
        let mut answered = 0;
        while let Some(answers) = timeout(Duration::from_secs(20), clients.join_next()).await? {
            answered += answers?;
        }
        ensure!(server.wait().await?.success(), "it ends well");
        if handled != answered {
            println!("stop: run {run}: {handled} handled, {answered} answered");
        }
        complete += u32::from(handled == answered);
        all += handled;
    }
    println!("stop: {complete} of {RUNS} runs answered all they had read, {all} requests");
    ensure!(complete == RUNS, "requests were lost");
    Ok(())
}

#[derive(Default)]
struct Counts {
    calls: AtomicU64,
    failed: AtomicU64,
    news: AtomicU64,
    faults: AtomicU64,
}

/// One who calls, subscribes, publishes, and now and then breaks off in the middle.
async fn visitor(to: SocketAddr, number: u64, until: Instant, counts: Arc<Counts>) {
    let topic = format!("topic {}", number % 10);
    while Instant::now() < until {
        let Ok(client) = TcpClient::builder().connect(to).await else {
            counts.failed.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let mut news = client.subscribe(&topic).await.ok();
        for round in 0..50 {
            let call = match round % 10 {
                0 => client.call(MessageType::PublishUri, &topic).content(b"news"),
                _ => client.request("u").content(b"hello"),
            };
            let done = call.await.is_ok_and(|answer| answer.ok().is_ok());
            counts.calls.fetch_add(1, Relaxed);
            counts.failed.fetch_add(u64::from(!done), Relaxed);
            if let Some(news) = &mut news {
                while let Ok(Some(_)) = timeout(Duration::ZERO, news.next()).await {
                    counts.news.fetch_add(1, Relaxed);
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        if number.is_multiple_of(100) {
            // Half a message, and gone.
            counts.faults.fetch_add(1, Relaxed);
            if let Ok(mut stream) = TcpStream::connect(to).await {
                let _ = stream.write_all(&frame(MessageType::RequestUri, "u", b"hello")[..7]).await;
            }
        }
        client.close().await;
    }
}

async fn soak(time: Duration) -> anyhow::Result<()> {
    const VISITORS: u64 = 300;
    let mut server = Reference::start(&[], None).await?;
    let before = server.usage();
    let (until, counts) = (Instant::now() + time, Arc::new(Counts::default()));
    let mut visitors = JoinSet::new();
    for number in 0..VISITORS {
        visitors.spawn(visitor(server.to, number, until, Arc::clone(&counts)));
    }
    let mut seen = BTreeMap::new();
    while Instant::now() < until {
        sleep((time / 10).min(Duration::from_secs(30))).await;
        let (usage, left) = (server.usage(), until.saturating_duration_since(Instant::now()));
        seen.insert((time - left).as_secs(), (usage.memory, usage.descriptors));
    }
    while let Some(done) = visitors.join_next().await {
        done?;
    }
    sleep(Duration::from_secs(5)).await;
    let after = server.usage();
    for (second, (memory, descriptors)) in seen {
        println!("soak: {second:>5} s: {memory} KiB, {descriptors} descriptors");
    }
    let of = |count: &AtomicU64| count.load(Relaxed);
    println!(
        "soak: {} calls, {} failed, {} notifications, {} faults; {} KiB before, {} after; {} descriptors before, {} after; {} bytes of log",
        of(&counts.calls),
        of(&counts.failed),
        of(&counts.news),
        of(&counts.faults),
        before.memory,
        after.memory,
        before.descriptors,
        after.descriptors,
        server.logged()
    );
    ensure!(of(&counts.failed) == 0, "calls failed");
    ensure!(after.descriptors == before.descriptors, "descriptors were lost");
    server.lives()
}
