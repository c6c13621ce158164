//! The interop programs: a server, a client and a UDP node that an outside driver talks to.

mod client;
mod driver;
mod node;
mod profile;
mod sample;

use std::net::IpAddr;

use clap::{Args, Parser, Subcommand};
use client::Client;
use netaio::{TcpClient, TcpServer, UdpNode, net::Multicast, peer::PeerManagement};
use node::Node;
use profile::Profile;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// Serves the sample application.
    Server(Common),
    /// Obeys driver lines on standard input.
    Client(Common),
    /// Serves the sample application over UDP and obeys driver lines.
    Udp(Udp),
}

#[derive(Args)]
struct Common {
    /// The host to listen at or to connect to.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port.
    #[arg(long)]
    port: u16,
    /// The plugins: plain, readme, cipher, two-layer or x25519.
    #[arg(long)]
    profile: String,
}

#[derive(Args)]
struct Udp {
    #[command(flatten)]
    common: Common,
    /// Whose keys to use: server or client.
    #[arg(long, default_value = "server")]
    role: String,
    /// Drop what comes from this machine's own address.
    #[arg(long)]
    ignore_own_ip: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::parse().program {
        Program::Server(args) => {
            let profile = Profile::named(&args.profile, "server");
            let app = sample::app(&profile)?;
            let mut server = TcpServer::builder(app).layer(profile.outer).local_peer(profile.peer);
            if profile.manages_peers {
                server = server.manage_peers(PeerManagement::new());
            }
            let server = server.bind((args.host.as_str(), args.port)).await?;
            println!("READY tcp {} pid {}", server.local_addr()?.port(), std::process::id());
            server.run().await?;
        }
        Program::Client(args) => {
            let Profile { outer, inner, peer, .. } = Profile::named(&args.profile, "client");
            let client = TcpClient::builder().layer(outer).local_peer(peer).build();
            let default = (args.host.as_str(), args.port).into();
            let closing = client.clone();
            tokio::select! {
                ended = driver::run(Client { client, default, inner }) => ended?,
                () = terminated() => {}
            }
            closing.close().await;
        }
        Program::Udp(Udp { common: args, role, ignore_own_ip }) => {
            let profile = Profile::named(&args.profile, &role);
            let app = sample::app(&profile)?;
            let Profile { outer, inner, peer, .. } = profile;
            let node = UdpNode::builder(app).layer(outer).local_peer(peer);
            let wildcard = args.host.parse().is_ok_and(|host: IpAddr| host.is_unspecified());
            let node = match wildcard {
                true => node.multicast(Multicast::new().hear_own(!ignore_own_ip)),
                false => node.no_multicast(),
            };
            let node = node.bind((args.host.as_str(), args.port)).await?;
            println!("READY udp {} pid {}", node.local_addr().port(), std::process::id());
            let driven = Node { node: node.handle(), inner };
            node.run_until(async {
                tokio::select! {
                    ended = driver::run(driven) => {
                        if let Err(error) = ended {
                            eprintln!("netaio-interop: {error}");
                        }
                    }
                    () = terminated() => {}
                }
            })
            .await;
        }
    }
    // A read of standard input can't be given up, and would keep the program alive.
    std::process::exit(0)
}

/// Waits for SIGTERM.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}
