//! A network inside the process, with the same frames as any other; for tests.
//!
//! ```
//! use netaio::{App, MessageType, net::memory};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> netaio::Result<()> {
//! let app = App::empty();
//! app.on((MessageType::RequestUri, "greeting"), || "hello");
//!
//! let client = memory::connect(app);
//! assert_eq!(client.request("greeting").await?.content(), "hello");
//! # Ok(())
//! # }
//! ```

use std::io;

use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};

use super::Listener;
use crate::handler::{RemoteAddr, Transport};
use crate::{
    handler::{App, Application},
    net::{TcpServer, client::TcpClient},
};

/// How many bytes each direction of a connection holds before the writer waits.
const CAPACITY: usize = 64 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: usize = 128;

/// Makes a network of one listener; the other half connects to it, any number of times.
#[must_use]
pub fn network() -> (MemoryListener, MemoryConnector) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (MemoryListener { receiver }, MemoryConnector { sender })
}

/// Serves an app in this process and connects to it: all that a test of handlers needs.
///
/// The server ends when the last clone of the client is dropped. For outer layers and limits use
/// [`network`] with [`TcpServer::builder`](super::TcpServer::builder) and
/// [`TcpClient::builder`](super::client::TcpClient::builder).
///
/// # Panics
///
/// Panics outside a tokio runtime.
#[must_use]
pub fn connect<A: Application>(app: App<A>) -> TcpClient {
    connect_layered(app, crate::plugin::Layer::new())
}

/// Serves an app in this process behind an outer layer, and connects to it through the same.
///
/// # Panics
///
/// Panics outside a tokio runtime.
#[must_use]
pub fn connect_layered<A: Application>(app: App<A>, layer: crate::plugin::Layer) -> TcpClient {
    let (near, far) = duplex(CAPACITY);
    TcpServer::builder(app).layer(layer.clone()).serve_stream(
        far,
        RemoteAddr::unnamed(),
        Transport::Memory,
    );
    TcpClient::builder().layer(layer).connect_stream(near)
}

/// The listening half of a [`network`].
#[derive(Debug)]
pub struct MemoryListener {
    receiver: mpsc::Receiver<DuplexStream>,
}

/// The connecting half of a [`network`]; it is a cheap clone.
#[derive(Debug, Clone)]
pub struct MemoryConnector {
    sender: mpsc::Sender<DuplexStream>,
}

impl MemoryConnector {
    /// Makes a connection.
    ///
    /// # Errors
    ///
    /// Returns `ConnectionRefused` when the listener is gone.
    ///
    /// # Cancel safety
    ///
    /// Nothing is connected when it is dropped before it is done.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        let (near, far) = duplex(CAPACITY);
        let sent = self.sender.send(far).await;
        sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(near)
    }
}

impl Listener for MemoryListener {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, RemoteAddr)> {
        match self.receiver.recv().await {
            Some(stream) => Ok((stream, RemoteAddr::unnamed())),
            // Nobody can connect any more.
            None => std::future::pending().await,
        }
    }

    fn transport(&self) -> Transport {
        Transport::Memory
    }
}
