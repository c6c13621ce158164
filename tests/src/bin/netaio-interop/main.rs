//! The interop programs: a server, a client and a UDP node that an outside driver talks to.

mod driver;
mod profile;
mod sample;

use clap::{Args, Parser, Subcommand};
use netaio::{TcpClient, TcpServer};
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
    /// The plugins: plain, readme, cipher or two-layer.
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
            let profile = Profile::named(&args.profile);
            let app = sample::app(&profile)?;
            let server = TcpServer::builder(app).layer(profile.outer);
            let server = server.bind((args.host.as_str(), args.port)).await?;
            println!("READY tcp {} pid {}", server.local_addr()?.port(), std::process::id());
            server.run().await?;
        }
        Program::Client(args) => {
            let profile = Profile::named(&args.profile);
            let client = TcpClient::builder().layer(profile.outer.clone()).build();
            driver::run(client, (args.host, args.port), profile.inner).await?;
        }
        Program::Udp(udp) => {
            eprintln!(
                "netaio-interop: udp --role {} --port {}{}: UDP nodes are not available yet",
                udp.role,
                udp.common.port,
                if udp.ignore_own_ip { " --ignore-own-ip" } else { "" },
            );
            std::process::exit(2);
        }
    }
    Ok(())
}
