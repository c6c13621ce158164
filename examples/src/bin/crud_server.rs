//! Serves a small shared store, as the README of the Python original has it.

use clap::Parser;
use netaio::{TcpServer, plugin::HmacAuth};
use netaio_examples::{crud, log};

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The address to listen at; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8888")]
    bind: String,
    /// The secret that every message must be signed with.
    #[arg(long, default_value = "test")]
    secret: String,
    /// The secret that changes must be signed with as well.
    #[arg(long, default_value = "adminpassword")]
    admin_secret: String,
    /// Asks for no secret at all.
    #[arg(long)]
    no_auth: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    let app = crud::app((!args.no_auth).then_some(&args.admin_secret))?;
    let mut server = TcpServer::builder(app);
    if !args.no_auth {
        server = server.auth(HmacAuth::new(&args.secret));
    }
    let server = server.bind(args.bind).await?;
    println!("listening on {}", server.local_addr()?);
    server.run().await?;
    Ok(())
}
