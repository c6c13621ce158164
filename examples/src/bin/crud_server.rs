//! Serves a small shared store, as the README of the Python original has it.

use clap::Parser;
use netaio::TcpServer;
use netaio_examples::{Secrets, crud, log};

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The address to listen at; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8888")]
    bind: String,
    #[command(flatten)]
    secrets: Secrets,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    let app = crud::app(args.secrets.admin())?;
    let server = TcpServer::builder(app).layer(args.secrets.outer()).bind(args.bind).await?;
    println!("listening on {}", server.local_addr()?);
    server.run().await?;
    Ok(())
}
