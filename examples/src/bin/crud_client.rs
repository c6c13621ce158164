//! Runs through all requests of a store that `crud_server`, or the Python original, serves.

use clap::Parser;
use netaio::{TcpClient, plugin::HmacAuth};
use netaio_examples::{Secrets, log, scenario};

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The server.
    #[arg(long, default_value = "127.0.0.1:8888")]
    server: String,
    #[command(flatten)]
    secrets: Secrets,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    let client = TcpClient::builder().layer(args.secrets.outer()).connect(&args.server).await?;
    let admin = match args.secrets.admin() {
        Some(secret) => client.with_auth(HmacAuth::new(secret).field("camh")),
        None => client.clone(),
    };
    scenario::run(&client, &admin).await
}
