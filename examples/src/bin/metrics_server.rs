//! A server whose metrics Prometheus reads: `curl http://127.0.0.1:9090/metrics`.

use std::net::SocketAddr;

use clap::Parser;
use metrics_exporter_prometheus::PrometheusBuilder;
use netaio::prelude::*;
use netaio_examples::log;

#[derive(Parser)]
#[command(about)]
struct Args {
    /// The address to listen at; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8888")]
    bind: String,
    /// The address at which metrics are read.
    #[arg(long, default_value = "127.0.0.1:9090")]
    metrics: SocketAddr,
}

/// Echoes.
#[app]
struct App;

#[on(RequestUri)]
async fn echo(content: Content) -> Content {
    content
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    PrometheusBuilder::new().with_http_listener(args.metrics).install()?;
    let app = App::builder().build()?;
    let server = TcpServer::builder(app).bind(args.bind).await?;
    println!("listening on {}", server.local_addr()?);
    server.run().await?;
    Ok(())
}
