//! TLS as a byte stream under the same servers and clients.

use std::{collections::VecDeque, fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use rustls::{ClientConfig, ServerConfig, pki_types};
use tokio::{
    net::TcpStream,
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::Listener;
use crate::{
    engine::Keepalive,
    handler::{Identity, RemoteAddr, Transport},
};

/// How many handshakes run at once; one more, and the oldest ends.
const HANDSHAKES: usize = 1_024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts TLS connections from another listener.
///
/// Handshakes run beside each other and have a deadline, so that one that stalls delays nobody.
/// [`TcpServer::bind_tls`](crate::TcpServer::bind_tls) makes one over TCP.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use netaio::{net::TlsListener, prelude::*, rustls};
///
/// # async fn example(app: netaio::App, config: rustls::ServerConfig) -> netaio::Result<()> {
/// let listener = tokio::net::TcpListener::bind("0.0.0.0:8889").await?;
/// TcpServer::builder(app).listen(TlsListener::new(listener, Arc::new(config)))?.run().await
/// # }
/// ```
pub struct TlsListener<L: Listener> {
    listener: L,
    acceptor: TlsAcceptor,
    timeout: Duration,
    handshakes: JoinSet<io::Result<Accepted<L::Stream>>>,
    /// Those that run, the oldest first; some of them may have ended.
    running: VecDeque<AbortHandle>,
}

type Accepted<S> = (server::TlsStream<S>, RemoteAddr);

impl<L: Listener> TlsListener<L> {
    /// Makes a listener of another one and a configuration: certificates, keys, whom to trust.
    pub fn new(listener: L, config: Arc<ServerConfig>) -> Self {
        Self {
            listener,
            acceptor: config.into(),
            timeout: HANDSHAKE_TIMEOUT,
            handshakes: JoinSet::new(),
            running: VecDeque::new(),
        }
    }

    /// Sets how long a handshake may take; the default is 10 s.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn start(&mut self, stream: L::Stream, remote: RemoteAddr) {
        self.running.retain(|handshake| !handshake.is_finished());
        if self.running.len() >= HANDSHAKES
            && let Some(oldest) = self.running.pop_front()
        {
            oldest.abort();
        }
        let (handshake, limit) = (self.acceptor.accept(stream), self.timeout);
        let handshake = self.handshakes.spawn(async move {
            let failed = |error: &dyn fmt::Display| {
                // It says nothing of the next connection.
                let text = format!("the TLS handshake of {remote} failed: {error}");
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, text))
            };
            match timeout(limit, handshake).await {
                Ok(Ok(stream)) => Ok((stream, remote)),
                Ok(Err(error)) => failed(&error),
                Err(_) => failed(&"it took too long"),
            }
        });
        self.running.push_back(handshake);
    }
}

impl<L: Listener> Listener for TlsListener<L> {
    type Stream = server::TlsStream<L::Stream>;

    async fn accept(&mut self) -> io::Result<(Self::Stream, RemoteAddr)> {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let (stream, remote) = accepted?;
                    self.start(stream, remote);
                }
                // One that was ended to make room for others is gone without a word.
                Some(Ok(done)) = self.handshakes.join_next() => return done,
            }
        }
    }

    fn transport(&self) -> Transport {
        Transport::Tls
    }

    fn describe(&self) -> String {
        format!("tls {}", self.listener.describe())
    }

    fn keep_alive(&self, stream: &Self::Stream, keepalive: Option<Keepalive>) {
        self.listener.keep_alive(stream.get_ref().0, keepalive);
    }

    fn identity(&self, stream: &Self::Stream) -> Option<Identity> {
        let certificates = stream.get_ref().1.peer_certificates()?;
        Some(Identity::new(certificates.iter().map(|der| Bytes::copy_from_slice(der))))
    }
}

impl<L: Listener> fmt::Debug for TlsListener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsListener").field("at", &self.describe()).finish_non_exhaustive()
    }
}

/// Makes a TLS connection to a server of this name, as in `example.org:8889`.
pub(crate) async fn connect(
    config: &Arc<ClientConfig>,
    name: &str,
    stream: TcpStream,
) -> io::Result<client::TlsStream<TcpStream>> {
    let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
    let host = host.trim_matches(['[', ']']).to_owned();
    let host = pki_types::ServerName::try_from(host)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    TlsConnector::from(Arc::clone(config)).connect(host, stream).await
}
