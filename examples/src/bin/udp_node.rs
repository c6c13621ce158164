//! A UDP node that echoes, finds its peers and asks them: start two in one network, or on one
//! machine with `--bind 127.0.0.1:9001` and `--bind 127.0.0.1:9002 --seed 127.0.0.1:9001`.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;
use netaio::{
    net::UdpHandle,
    peer::{PeerEvent, PeerEvents, PeerManagement},
    prelude::*,
};
use netaio_examples::log;
use tokio::time::interval;

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The address to bind to; a wildcard hears multicasts, port 0 takes any free one.
    #[arg(long, default_value = "0.0.0.0:8888")]
    bind: SocketAddr,
    /// Another node to ask for an echo every second.
    #[arg(long, value_name = "ADDR")]
    remote: Option<SocketAddr>,
    /// The secret that every message is signed with.
    #[arg(long)]
    secret: Option<String>,
    /// Who this node says it is; a random id if absent.
    #[arg(long)]
    id: Option<String>,
    /// How often the node advertises itself, in seconds.
    #[arg(long, default_value_t = 20.0, value_name = "SECONDS")]
    advertise_every: f64,
    /// After how long a silence a peer is forgotten, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    peer_timeout: u64,
    /// Neither send nor hear multicasts.
    #[arg(long)]
    no_multicast: bool,
    /// A node to advertise to where multicasts don't reach; may be repeated.
    #[arg(long, value_name = "ADDR")]
    seed: Vec<SocketAddr>,
}

/// Nodes that echo.
#[app]
struct App;

#[on(RequestUri, uri = "echo")]
fn echo(from: RemoteAddr, content: Content) -> Content {
    println!("echoed \"{}\" to {from}", content.escape_ascii());
    content
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    let every = Duration::try_from_secs_f64(args.advertise_every)?;
    let timeout = Duration::from_secs(args.peer_timeout);
    let mut node = UdpNode::builder(App::builder().build()?)
        .seeds(args.seed)
        .manage_peers(PeerManagement::new().every(every).timeout(timeout));
    if let Some(secret) = &args.secret {
        node = node.auth(HmacAuth::new(secret));
    }
    if let Some(id) = args.id {
        node = node.local_peer(Peer::new(id));
    }
    if args.no_multicast {
        node = node.no_multicast();
    }
    let node = node.bind(args.bind).await?;
    println!("listening on {}", node.local_addr());
    // From before it runs: what happens earlier is not told.
    let events = node.handle().peers().events();
    tokio::spawn(greet_peers(node.handle(), events));
    if let Some(remote) = args.remote {
        tokio::spawn(ask_for_ever(node.handle(), remote));
    }
    node.run().await?;
    Ok(())
}

/// Says what becomes of the peers, and asks each new one for an echo.
async fn greet_peers(node: UdpHandle, mut events: PeerEvents) {
    while let Some(event) = events.next().await {
        let peer = event.peer();
        let id = peer.id().escape_ascii();
        match event {
            PeerEvent::Discovered(_) => {
                let addrs: Vec<_> = peer.addrs().iter().map(ToString::to_string).collect();
                println!("discovered {id} at {}", addrs.join(", "));
                if let Some(addr) = peer.addrs().first().and_then(RemoteAddr::ip) {
                    ask(&node, addr).await;
                }
            }
            PeerEvent::Lost(_) => println!("lost {id}"),
            _ => println!("changed {id}"),
        }
    }
}

async fn ask_for_ever(node: UdpHandle, remote: SocketAddr) {
    let mut tick = interval(Duration::from_secs(1));
    loop {
        tick.tick().await;
        ask(&node, remote).await;
    }
}

async fn ask(node: &UdpHandle, remote: SocketAddr) {
    match node.request(remote, "echo").content("hello").timeout(Duration::from_secs(2)).await {
        Ok(answer) => println!("{remote} echoed \"{}\"", answer.text()),
        Err(error) => println!("{remote}: {error}"),
    }
}
