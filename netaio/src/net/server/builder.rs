use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::TcpServer;
use crate::{
    Result,
    engine::{AuthFailurePolicy, Engine, Limits, Parts},
    handler::{RemoteAddr, Router, Transport, check_outer},
    net::{
        Listener,
        hub::{Hub, Remote},
        options::{answering_options, endpoint_options},
        peers::{PeerHost, PeerOptions},
        session::serve,
    },
    plugin::{Environment, Layer, Role, System},
};

/// Builds a [`TcpServer`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `bind`"]
pub struct TcpServerBuilder {
    router: Arc<Router>,
    outer: Layer,
    limits: Limits,
    on_auth_failure: AuthFailurePolicy,
    environment: Arc<dyn Environment>,
    peers: PeerOptions,
}

impl TcpServerBuilder {
    pub(super) fn new(router: Arc<Router>) -> Self {
        Self {
            router,
            outer: Layer::new(),
            limits: Limits::default(),
            on_auth_failure: AuthFailurePolicy::default(),
            environment: Arc::new(System),
            peers: PeerOptions::default(),
        }
    }

    endpoint_options!();
    answering_options!();

    /// Listens at a TCP address; port 0 takes any free one.
    ///
    /// An IPv6 wildcard (`[::]`) takes IPv4 connections as well.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Build`](crate::Error::Build) when a handler's inner layer writes a field of
    /// the outer one, and [`Error::Io`](crate::Error::Io) when the address can't be bound.
    ///
    /// # Cancel safety
    ///
    /// Nothing is bound when it is dropped before it is done.
    pub async fn bind(self, addr: impl tokio::net::ToSocketAddrs) -> Result<TcpServer> {
        self.build()?.bind(addr).await
    }

    /// Listens at a TCP address for TLS connections, as the configuration says: certificates,
    /// keys, and whom to trust.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    ///
    /// # Cancel safety
    ///
    /// Nothing is bound when it is dropped before it is done.
    #[cfg(feature = "tls")]
    pub async fn bind_tls(
        self,
        addr: impl tokio::net::ToSocketAddrs,
        config: Arc<rustls::ServerConfig>,
    ) -> Result<TcpServer> {
        self.build()?.bind_tls(addr, config).await
    }

    /// Listens at a path, as a Unix socket.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    #[cfg(unix)]
    pub fn bind_unix(self, path: impl AsRef<std::path::Path>) -> Result<TcpServer> {
        self.build()?.bind_unix(path)
    }

    /// Accepts from a listener that is bound already, or of another kind.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Build`](crate::Error::Build) when a handler's inner layer writes a field of
    /// the outer one.
    pub fn listen(self, listener: impl Listener) -> Result<TcpServer> {
        Ok(self.build()?.listen(listener))
    }

    /// Serves one stream until it ends, in a task of its own.
    pub(crate) fn serve_stream<S>(self, stream: S, addr: RemoteAddr, transport: Transport)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let remote = Remote { addr, transport, identity: None, writer: None };
        tokio::spawn(serve(stream, remote, self.hub(), None));
    }

    fn build(self) -> Result<TcpServer> {
        check_outer(&self.router, &self.outer)?;
        Ok(TcpServer {
            hub: self.hub(),
            listeners: Vec::new(),
            local_addrs: Vec::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }

    pub(in crate::net) fn hub(self) -> Arc<Hub> {
        let engine = Engine::new(Parts {
            role: Role::Server,
            peers: self.peers.book(&*self.environment),
            router: self.router,
            outer: self.outer,
            environment: self.environment,
            limits: self.limits,
            on_auth_failure: self.on_auth_failure,
        });
        let hub = Hub::new(Arc::new(engine));
        self.peers.managed.into_iter().for_each(|management| hub.manage(management));
        hub
    }
}
