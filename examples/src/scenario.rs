//! The client's side: create, read, update and delete, each reply printed.

use std::time::Duration;

use netaio::{net::client::Response, prelude::*};
use tokio::time::timeout;

/// Runs through all requests of the store.
///
/// # Errors
///
/// Returns the first call that fails, or a reply that is not what was stored.
pub async fn run(client: &TcpClient, admin: &TcpClient) -> anyhow::Result<()> {
    show("echo", &client.request("echo").content("test").await?);

    show("create", &admin.create("test1", "testing it").await?.ok()?);
    let read = client.request("test1").await?.ok()?;
    anyhow::ensure!(read.content() == "testing it", "read something else than was created");
    show("read", &read);

    let mut news = client.subscribe("test1").await?;
    show("update", &admin.update("test1", "testing it again").await?.ok()?);
    match timeout(Duration::from_secs(2), news.next()).await {
        Ok(Some(news)) => {
            println!("{:>8}: {} {:?}", "notified", news.message_type(), text(news.content()));
        }
        Ok(None) => anyhow::bail!("the connection ended"),
        Err(_) => println!("{:>8}: nothing, this server does not notify", "notified"),
    }
    show("read", &client.request("test1").await?.ok()?);

    show("delete", &admin.delete("test1").await?.ok()?);
    let gone = client.request("test1").await?;
    anyhow::ensure!(gone.message_type() == MessageType::NotFound, "it is still there");
    show("read", &gone);
    Ok(())
}

fn show(what: &str, response: &Response) {
    println!("{what:>8}: {} {:?}", response.message_type(), text(response.content()));
}

fn text(content: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(content)
}
