//! A server and a client in one process: nothing to install, nothing to configure.

use netaio::{TcpClient, TcpServer, plugin::HmacAuth};
use netaio_examples::{crud, log, scenario};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let app = crud::app(Some("adminpassword"))?;
    let outer = HmacAuth::new("test");
    let server = TcpServer::builder(app).auth(outer.clone()).bind("127.0.0.1:0").await?;
    let (addr, handle) = (server.local_addr()?, server.handle());
    println!("serving at {addr}");
    let serving = tokio::spawn(server.run());

    let client = TcpClient::builder().auth(outer).connect(addr).await?;
    let admin = client.with_auth(HmacAuth::new("adminpassword").field("camh"));
    scenario::run(&client, &admin).await?;

    client.close().await;
    handle.shutdown();
    serving.await??;
    println!("served and stopped");
    Ok(())
}
