//! The comparison with tarpc as a contestant: its own server and clients, bincode over TCP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Result;
use futures::{StreamExt, future::ready};
use netaio_benches::{
    compare::Guest,
    load::{Outcome, Tally, Work, content, measure},
};
use tarpc::{
    client, context, serde_transport,
    server::{BaseChannel, Channel},
    tokio_serde::formats::Bincode,
};
use tokio::task::JoinSet;

fn main() -> Result<()> {
    netaio_benches::compare::main(Some(Guest {
        serve: || Box::pin(serve()),
        request: |addr, work, cpu| Box::pin(request(addr, work, cpu)),
    }))
}

#[tarpc::service]
trait Echo {
    async fn echo(content: Vec<u8>) -> Vec<u8>;
}

#[derive(Clone)]
struct Server;

impl Echo for Server {
    async fn echo(self, _: context::Context, content: Vec<u8>) -> Vec<u8> {
        content
    }
}

/// Serves for ever.
async fn serve() -> Result<()> {
    let mut listener = serde_transport::tcp::listen("127.0.0.1:0", Bincode::default).await?;
    println!("READY tcp {} pid {}", listener.local_addr().port(), std::process::id());
    while let Some(transport) = listener.next().await {
        let transport = transport?;
        transport.get_ref().set_nodelay(true)?;
        let requests = BaseChannel::with_defaults(transport).execute(Server.serve());
        tokio::spawn(requests.for_each(|request| {
            tokio::spawn(request);
            ready(())
        }));
    }
    Ok(())
}

/// Sends requests from as many clients as there are to be connections.
async fn request(
    addr: SocketAddr,
    work: &Work,
    cpu: impl Fn() -> Result<Duration>,
) -> Result<Outcome> {
    let tally = Arc::new(Tally::default());
    let contents: Arc<Vec<_>> =
        Arc::new((0..64).map(|number| content(number, work.size)).collect());
    let mut tasks = JoinSet::new();
    for connection in 0..work.connections {
        let transport = serde_transport::tcp::connect(addr, Bincode::default).await?;
        transport.get_ref().set_nodelay(true)?;
        let config = client::Config::default();
        let client = {
            let new = EchoClient::new(config, transport);
            // Its task runs with the others.
            tasks.spawn(async move {
                let _ = new.dispatch.await;
            });
            new.client
        };
        for number in 0..work.depth {
            let (client, tally, contents) =
                (client.clone(), Arc::clone(&tally), Arc::clone(&contents));
            let start = connection * work.depth + number;
            tasks.spawn(async move { tally.ended(ask(&client, &contents, start, &tally).await) });
        }
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    measure(&tally, work.time, cpu, all).await
}

async fn ask(client: &EchoClient, contents: &[Vec<u8>], start: usize, tally: &Tally) -> Result<()> {
    for content in contents.iter().cycle().skip(start % contents.len()) {
        if tally.is_over() {
            break;
        }
        tally.count(client.echo(context::current(), content.clone()).await? == *content);
    }
    Ok(())
}
