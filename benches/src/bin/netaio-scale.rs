//! How the cost of a message grows with what an endpoint has: connections, subscribers, handlers,
//! uris, peers. Nothing that a message does not touch should make it dearer.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bytes::BytesMut;
use clap::{Parser, Subcommand, ValueEnum};
use netaio::{
    App, Limits,
    peer::PackifyPeers,
    peer::{PeerLimits, PeerManagement, PeerPlugin},
    prelude::*,
};
use netaio_benches::{
    frames::{Protection, Sealer, body, code},
    load::{self, Outcome, PATIENCE, Work, ask, connect},
    process::{Server, raise_descriptors, step_aside},
    table::{Samples, insert, markdown},
};
use tokio::{net::UdpSocket, time::timeout};

#[derive(Parser)]
#[command(about = "Shows how the cost of a message grows with what an endpoint has")]
struct Args {
    #[command(subcommand)]
    serve: Option<Serve>,
    /// Only what grows in this way.
    #[arg(long)]
    only: Option<Growth>,
    /// How many rounds to run.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many seconds each run is measured.
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
    /// Put the table into this document, between its marks.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Serve {
    /// Is the server.
    #[command(hide = true)]
    Serve { growth: Growth, count: usize },
}

/// What there is more and more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Growth {
    /// Connections on which nothing happens, beside 16 that ask.
    Connections,
    /// Subscribers that each get every publication; the cost is that of one delivery.
    Subscribers,
    /// Handlers of one message type for other uris.
    Handlers,
    /// Uris that somebody is subscribed to, beside the one that is published to.
    Uris,
    /// Peers that a UDP node knows, beside the one that asks.
    Peers,
    /// The same; fifteen of sixteen messages are ADVERTISE_PEER.
    Adverts,
}

impl Growth {
    fn counts(self) -> &'static [usize] {
        match self {
            Self::Connections => &[10, 100, 1_000, 10_000],
            Self::Subscribers | Self::Handlers => &[1, 10, 100, 1_000, 10_000],
            Self::Uris => &[1, 1_000, 100_000, 1_000_000],
            Self::Peers | Self::Adverts => &[10, 1_000, 10_000, 100_000],
        }
    }

    fn name(self) -> String {
        let name = self.to_possible_value();
        name.map_or_else(String::new, |name| name.get_name().to_owned())
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    raise_descriptors();
    match args.serve {
        Some(Serve::Serve { growth, count }) => {
            tokio::runtime::Runtime::new()?.block_on(serve(growth, count))
        }
        None => {
            step_aside();
            let one_thread = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            one_thread.block_on(measure(&args))
        }
    }
}

async fn measure(args: &Args) -> Result<()> {
    let own = std::env::current_exe()?;
    let time = Duration::from_secs_f64(args.seconds);
    let mut rows = Vec::new();
    for &growth in Growth::value_variants() {
        if args.only.is_some_and(|only| only != growth) {
            continue;
        }
        let counts = growth.counts();
        let mut costs = vec![Samples::default(); counts.len()];
        let mut ratios = costs.clone();
        for round in 1..=args.rounds {
            eprintln!("{}: round {round} of {}", growth.name(), args.rounds);
            let mut least = None;
            for (&count, (costs, ratios)) in counts.iter().zip(costs.iter_mut().zip(&mut ratios)) {
                let words = ["serve".to_owned(), growth.name(), count.to_string()];
                let server = Server::start(&own, &words)?;
                let outcome = run(growth, count, &server, time).await;
                let outcome = outcome.with_context(|| format!("{count} {}", growth.name()))?;
                ensure!(outcome.bad == 0, "{} answers were wrong or missing", outcome.bad);
                let cost = outcome.server_ns() / 1000.0;
                costs.add(cost);
                ratios.add(cost / *least.get_or_insert(cost));
            }
        }
        for (count, (costs, ratios)) in counts.iter().zip(costs.iter().zip(&ratios)) {
            let count = count.to_string();
            rows.push(vec![growth.name(), count, format!("{} µs", costs.text(2)), ratios.text(2)]);
        }
    }
    let mut text =
        format!("Median (lowest–highest) of {} rounds of {} s.\n\n", args.rounds, args.seconds);
    text += &markdown(&["what", "how many", "server CPU per message", "ratio"], &rows);
    text += &registration()?;
    print!("{text}");
    if let Some(path) = &args.write {
        let document = fs::read_to_string(path)?;
        let Some(document) = insert(&document, "scale", &text) else {
            bail!("{} lacks the marks <!-- scale --> and <!-- /scale -->", path.display());
        };
        fs::write(path, document)?;
    }
    Ok(())
}

/// Measures what it takes to register handlers one after the other, while the app is in use.
fn registration() -> Result<String> {
    let mut rows = Vec::new();
    for count in [100, 1_000, 10_000] {
        let app = App::empty();
        let start = Instant::now();
        for number in 0..count {
            app.on((MessageType::RequestUri, number.to_string()), || "");
        }
        let took = start.elapsed();
        ensure!(app.routes().len() == count, "all handlers are there");
        let each = took.as_secs_f64() * 1e6 / count as f64;
        rows.push(vec![count.to_string(), format!("{each:.1} µs")]);
    }
    Ok(format!("\n{}", markdown(&["handlers added to an app in use", "time for each"], &rows)))
}

async fn serve(growth: Growth, count: usize) -> Result<()> {
    let app = App::empty();
    app.on(MessageType::RequestUri, |content: Content| content);
    app.on(MessageType::SubscribeUri, subscribe);
    app.on(MessageType::PublishUri, publish);
    if growth == Growth::Handlers {
        for number in 1..count {
            app.on((MessageType::RequestUri, format!("uri {number}")), || "");
        }
    }
    let limits = Limits::default().max_connections(100_000).max_subscriptions(usize::MAX);
    // The default holds less than half of them.
    let limits = limits.subscription_memory(256 * 1024 * 1024);
    if matches!(growth, Growth::Peers | Growth::Adverts) {
        let peers = PeerLimits::default().max(1_000_000);
        let node = UdpNode::builder(app).limits(limits).peer_limits(peers).no_multicast();
        // The node tells all that it knows of itself, once: let that be over before there are many.
        let first = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let seldom = PeerManagement::new().every(Duration::from_secs(3_600));
        let node = node.seeds([first.local_addr()?]).manage_peers(seldom);
        let node = node.bind((Ipv4Addr::LOCALHOST, 0)).await?.spawn();
        timeout(PATIENCE, first.recv(&mut [0; 1024])).await??;
        for number in 0..count {
            // Nobody is there, but it is this machine.
            let [_, a, b, c] = u32::try_from(number)?.to_be_bytes();
            let addr = SocketAddr::from(([127, 1 + a, b, c], 9));
            node.peers().add(Peer::new(format!("peer {number}")), addr)?;
        }
        println!("READY udp {} pid {}", node.local_addr().port(), std::process::id());
        std::future::pending().await
    } else {
        let server = TcpServer::builder(app).limits(limits);
        let server = server.bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("READY tcp {} pid {}", server.local_addr()?.port(), std::process::id());
        Ok(server.run().await?)
    }
}

/// Subscribes to a uri, or to as many numbered ones as the content says, from one number on.
#[allow(clippy::needless_pass_by_value, reason = "handlers take their arguments by value")]
fn subscribe(uri: Uri, connection: Connection, content: Content) -> Result<(), ReplyError> {
    let text = String::from_utf8_lossy(&content).into_owned();
    let Some((from, to)) = text.split_once(' ') else { return Ok(connection.try_subscribe(uri)?) };
    let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse()) else {
        return Err(ReplyError::error("two numbers are expected"));
    };
    for number in from..to {
        connection.try_subscribe(format!("{number:06}").into_bytes())?;
    }
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "handlers take their arguments by value")]
fn publish(uri: Uri, endpoint: Endpoint, content: Content) -> Result<Content, ReplyError> {
    endpoint.notify(uri, &content)?;
    Ok(content)
}

async fn run(growth: Growth, count: usize, server: &Server, time: Duration) -> Result<Outcome> {
    let (addr, cpu) = (server.addr(), || server.cpu());
    let work =
        |connections| Work { connections, depth: 1, size: 32, protection: Protection::None, time };
    match growth {
        Growth::Connections => {
            let mut idle = Vec::new();
            for _ in 0..count {
                let mut stream = connect(addr).await?;
                ask(&mut stream, code::REQUEST, b"").await?;
                idle.push(stream);
            }
            load::request(addr, &work(16), cpu).await
        }
        Growth::Handlers => load::request(addr, &work(16), cpu).await,
        Growth::Subscribers => load::publish(addr, &work(count), cpu).await,
        Growth::Uris => {
            // One connection may hold so many at most.
            const EACH: usize = 30_000;
            let mut subscribers = Vec::new();
            for from in (0..count).step_by(EACH) {
                let mut stream = connect(addr).await?;
                let range = format!("{from} {}", (from + EACH).min(count));
                let (answer, _) = ask(&mut stream, code::SUBSCRIBE, range.as_bytes()).await?;
                ensure!(answer == code::CONFIRM_SUBSCRIBE, "a subscription was refused");
                subscribers.push(stream);
            }
            load::publish(addr, &work(1), cpu).await
        }
        Growth::Peers => load::udp(addr, &work(16), cpu).await,
        Growth::Adverts => advertise(addr, time, cpu).await,
    }
}

/// Advertises a peer again and again. Every sixteenth message is a request, whose answer tells that
/// those before it are done.
async fn advertise(
    addr: SocketAddr,
    time: Duration,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    const ADVERTS: u64 = 15;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(addr).await?;
    let mut sealer = Sealer::new(Protection::None);
    let (mut advert, mut request) = (BytesMut::new(), BytesMut::new());
    let peer = PackifyPeers.pack(&Peer::new("advertiser"));
    sealer.seal(MessageType::AdvertisePeer.code(), &body(b"netaio", &peer), &mut advert);
    sealer.seal(code::REQUEST, &body(load::URI, b"done"), &mut request);
    let (start, before, mut outcome) = (Instant::now(), cpu()?, Outcome::default());
    let mut datagram = vec![0; 65_536];
    while start.elapsed() < time {
        for _ in 0..ADVERTS {
            socket.send(&advert).await?;
        }
        socket.send(&request).await?;
        loop {
            let length = timeout(PATIENCE, socket.recv(&mut datagram)).await??;
            let answer = sealer.open(&datagram[..length]).context("an answer can't be opened")?;
            if answer.code == code::RESPOND {
                break;
            }
        }
        outcome.messages += ADVERTS + 1;
    }
    outcome.server = cpu()?.saturating_sub(before);
    Ok(outcome)
}
