use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Result;
use netaio::TcpClient;
use tokio::task::JoinSet;

use super::{Outcome, Tally, URI, VARIANTS, Work, content, measure};

/// Sends requests through our own client, from as many tasks as there are to be in flight, over one
/// connection. The figure is what the load generator's side costs.
///
/// # Errors
///
/// Fails when the server can't be reached or ends the connection.
pub async fn client(
    addr: SocketAddr,
    work: &Work,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    let client = TcpClient::builder().connect(addr).await?;
    let contents: Vec<_> = (0..VARIANTS).map(|variant| content(variant, work.size)).collect();
    let (contents, tally) = (Arc::new(contents), Arc::new(Tally::default()));
    let mut tasks = JoinSet::new();
    for number in 0..work.depth {
        let (client, contents, tally) = (client.clone(), Arc::clone(&contents), Arc::clone(&tally));
        tasks.spawn(async move { tally.ended(ask(&client, &contents, number, &tally).await) });
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    measure(&tally, work.time, cpu, all).await
}

async fn ask(client: &TcpClient, contents: &[Vec<u8>], start: usize, tally: &Tally) -> Result<()> {
    for content in contents.iter().cycle().skip(start % VARIANTS) {
        if tally.is_over() {
            break;
        }
        let answer = client.request(URI).content(content).await?.ok()?;
        tally.count(answer.content() == content);
    }
    Ok(())
}
