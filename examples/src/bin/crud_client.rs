//! Runs through all requests of a store that `crud_server`, or the Python original, serves.

use clap::Parser;
use netaio::{TcpClient, plugin::HmacAuth};
use netaio_examples::{log, scenario};

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The server.
    #[arg(long, default_value = "127.0.0.1:8888")]
    server: String,
    /// The secret that every message is signed with.
    #[arg(long, default_value = "test")]
    secret: String,
    /// The secret that changes are signed with as well.
    #[arg(long, default_value = "adminpassword")]
    admin_secret: String,
    /// Signs nothing.
    #[arg(long)]
    no_auth: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    let mut client = TcpClient::builder();
    if !args.no_auth {
        client = client.auth(HmacAuth::new(&args.secret));
    }
    let client = client.connect(&args.server).await?;
    let mut admin = client.clone();
    if !args.no_auth {
        admin = client.with_auth(HmacAuth::new(&args.admin_secret).field("camh"));
    }
    scenario::run(&client, &admin).await
}
