//! Subscriptions are what a plain set of pairs says, within the limits, whatever comes and goes.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use netaio::{
    App, Limits, MessageType, TcpServer,
    handler::{Connection, Endpoint, SubscribeError},
    net::memory::{self, MemoryConnector},
    wire::Message,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::yield_now,
    time::timeout,
};

use crate::input::{Input, block_on};

const CONNECTIONS: usize = 4;
/// How many topics one may have.
const MOST: usize = 6;
/// How many bytes the keys of one may have, and all by which that is exceeded.
const MOST_BYTES: usize = 256 * 1024;
const LONG: usize = 60_000;

/// How many operations an input has at most.
const OPERATIONS: usize = 256;

/// Eight short topics and eight long ones.
fn topic(number: u8) -> Vec<u8> {
    vec![number; length(number)]
}

fn length(number: u8) -> usize {
    if number < 8 { 1 + usize::from(number) } else { LONG }
}

/// A connection and both of its ends.
struct Open {
    handle: Connection,
    _stream: DuplexStream,
}

struct Server {
    connector: MemoryConnector,
    endpoint: Endpoint,
    latest: Arc<Mutex<Option<Connection>>>,
}

impl Server {
    async fn connect(&self) -> Open {
        let mut stream = self.connector.connect().await.expect("it listens");
        let hello = Message::new(MessageType::RequestUri, "me", "").expect("it is short");
        stream.write_all(&hello.encode().expect("it is short")).await.expect("it reads");
        let mut answer = [0; 9];
        stream.read_exact(&mut answer).await.expect("it answers");
        let handle = self.latest.lock().unwrap().take().expect("the handler has run");
        Open { handle, _stream: stream }
    }

    /// Closes a connection and waits until the server has noticed.
    async fn close(&self, open: Open) {
        let before = self.endpoint.connections();
        drop(open);
        let noticed = async {
            while self.endpoint.connections() >= before {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), noticed).await.expect("the connection ends");
    }
}

/// What a connection may not have one more of.
fn is_full(topics: &BTreeSet<u8>, one_more: u8) -> bool {
    let bytes: usize = topics.iter().chain([&one_more]).map(|&number| length(number)).sum();
    topics.len() >= MOST || bytes > MOST_BYTES
}

async fn operate(server: &Server, mut input: Input<'_>) {
    let mut all: [(Option<Open>, BTreeSet<u8>); CONNECTIONS] = Default::default();
    let count = |all: &[(Option<Open>, BTreeSet<u8>)], topic| {
        all.iter().filter(|(_, topics)| topics.contains(&topic)).count()
    };
    for _ in 0..OPERATIONS {
        let Some(byte) = input.byte() else { break };
        let number = byte % 16;
        let uri = topic(number);
        let (open, topics) = &mut all[usize::from(byte / 16) % CONNECTIONS];
        match (input.byte().unwrap_or_default() % 8, &open) {
            (0, None) => *open = Some(server.connect().await),
            (0, Some(_)) => {
                topics.clear();
                server.close(open.take().expect("it is open")).await;
            }
            (1 | 2, Some(Open { handle, .. })) => {
                handle.unsubscribe(&uri);
                topics.remove(&number);
            }
            (3, _) => {
                let notified =
                    server.endpoint.notify(&uri, "").expect("it is no longer than its uri");
                assert_eq!(notified, count(&all, number));
            }
            (_, Some(Open { handle, .. })) => {
                let full = !topics.contains(&number) && is_full(topics, number);
                let expected = if full { Err(SubscribeError::TooMany) } else { Ok(()) };
                assert_eq!(handle.try_subscribe(uri.clone()), expected);
                if !full {
                    topics.insert(number);
                }
            }
            (_, None) => {}
        }
        assert_eq!(server.endpoint.subscribers(&uri), count(&all, number));
    }
    for (open, _) in &mut all {
        if let Some(open) = open.take() {
            server.close(open).await;
        }
    }
    for number in 0..16 {
        assert_eq!(server.endpoint.subscribers(topic(number)), 0, "nothing is left behind");
    }
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let latest = Arc::new(Mutex::new(None));
    let (app, slot) = (App::empty(), Arc::clone(&latest));
    app.on(MessageType::RequestUri, move |connection: Connection| {
        *slot.lock().unwrap() = Some(connection);
    });
    let (listener, connector) = memory::network();
    let limits = Limits::default().max_subscriptions(MOST).outbound_limit(usize::MAX);
    let server = TcpServer::builder(app).limits(limits.memory_budget(usize::MAX));
    block_on(async {
        let server = server.listen(listener).expect("no fields collide");
        let endpoint = server.handle().endpoint();
        let serving = tokio::spawn(server.run_until(std::future::pending()));
        operate(&Server { connector, endpoint, latest }, Input(bytes)).await;
        serving.abort();
    });
}
