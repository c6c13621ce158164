mod accept;
mod builder;

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::accept::Accepting;
pub use self::builder::TcpServerBuilder;
use super::{Listener, Peers, ShutdownReport, hub::Hub, listener::bind_tcp, shutdown::stop_signal};
use crate::{
    Result,
    engine::Counters,
    handler::{App, Application, Endpoint, Node, sorted_routes},
};

/// A server over byte streams: TCP, Unix sockets, memory, or streams of your own.
///
/// It is bound when it exists, and serves when it is run. One server may listen at many addresses.
///
/// # Examples
///
/// ```no_run
/// use netaio::prelude::*;
///
/// # async fn example(app: netaio::App) -> netaio::Result<()> {
/// TcpServer::builder(app)
///     .auth(HmacAuth::new("we attack at dawn, or later"))
///     .bind("127.0.0.1:8888").await?
///     .bind("[::1]:8888").await?
///     .run().await
/// # }
/// ```
#[must_use = "a server does nothing until it is run"]
#[doc(alias = "TCPServer")]
pub struct TcpServer {
    hub: Arc<Hub>,
    listeners: Vec<(String, AcceptLoop)>,
    local_addrs: Vec<SocketAddr>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// An accept loop, ready to run, of whatever listener.
type AcceptLoop = Box<dyn FnOnce(Accepting) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

impl TcpServer {
    /// Starts to build a server for an app.
    #[allow(clippy::needless_pass_by_value, reason = "an app is a handle, given away like one")]
    pub fn builder<A: Application>(app: App<A>) -> TcpServerBuilder {
        TcpServerBuilder::new(Arc::clone(app.router()))
    }

    /// Listens at one more address.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`](crate::Error::Io) when the address can't be resolved or bound.
    ///
    /// # Cancel safety
    ///
    /// Nothing is bound when it is dropped before it is done.
    pub async fn bind(mut self, addr: impl tokio::net::ToSocketAddrs) -> Result<Self> {
        let listener = self.bound(addr).await?;
        Ok(self.listen(listener))
    }

    async fn bound(&mut self, addr: impl tokio::net::ToSocketAddrs) -> Result<TcpListener> {
        let addrs: Vec<_> = tokio::net::lookup_host(addr).await?.collect();
        let listener = bind_tcp(&addrs, self.hub.engine.limits.backlog)?;
        self.local_addrs.push(listener.local_addr()?);
        Ok(listener)
    }

    /// Listens at one more address, for TLS connections.
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
        mut self,
        addr: impl tokio::net::ToSocketAddrs,
        config: Arc<rustls::ServerConfig>,
    ) -> Result<Self> {
        let listener = self.bound(addr).await?;
        Ok(self.listen(super::TlsListener::new(listener, config)))
    }

    /// Listens at one more path, as a Unix socket.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`](crate::Error::Io) when the path can't be bound; a socket that a
    /// server before left there must be removed first.
    #[cfg(unix)]
    pub fn bind_unix(self, path: impl AsRef<std::path::Path>) -> Result<Self> {
        Ok(self.listen(tokio::net::UnixListener::bind(path)?))
    }

    /// Accepts from one more listener.
    pub fn listen(mut self, mut listener: impl Listener) -> Self {
        let name = listener.describe();
        let accept: AcceptLoop =
            Box::new(move |accepting| Box::pin(async move { accepting.run(&mut listener).await }));
        self.listeners.push((name, accept));
        self
    }

    /// Returns the first TCP address that it listens at, with the port that was given to it.
    ///
    /// # Errors
    ///
    /// Returns `NotFound` when it has no TCP listener.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.local_addrs.first().copied().ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "the server has no TCP listener")
        })
    }

    /// Returns all TCP addresses that it listens at, in the order they were bound.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// Returns a handle that outlives [`run`](Self::run): to notify, count and stop.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { hub: Arc::clone(&self.hub), stop: self.stop.clone() }
    }

    /// Serves until Ctrl-C or SIGTERM, then lets requests in progress finish. A second signal ends
    /// it at once.
    ///
    /// # Errors
    ///
    /// None at present: what can fail has failed when it was bound.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it stops to accept and cuts its connections.
    pub async fn run(self) -> Result<()> {
        self.serve(stop_signal(), stop_signal()).await;
        Ok(())
    }

    /// Serves until `stop` is done, or [`ServerHandle::shutdown`] is called; then lets requests in
    /// progress finish, for as long as [`Limits::shutdown_grace`](crate::Limits::shutdown_grace) says.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it stops to accept and cuts its connections.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> ShutdownReport {
        self.serve(stop, std::future::pending()).await
    }

    async fn serve(
        self,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> ShutdownReport {
        let limits = self.hub.engine.limits;
        let accepting = Accepting {
            hub: Arc::clone(&self.hub),
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        };
        let _abort = CutOnDrop { hub: Arc::clone(&self.hub), stop: self.stop.clone() };
        self.log_start();
        for (_, accept) in self.listeners {
            self.tasks.spawn(accept(accepting.clone()));
        }
        let make_room = async {
            loop {
                self.hub.budget.exceeded().await;
                self.hub.make_room();
            }
        };
        tokio::select! {
            () = stop => {}
            () = self.stop.cancelled() => {}
            () = make_room => {}
        }
        self.stop.cancel();
        drain(&self.hub, &self.tasks, limits.shutdown_grace, abort).await
    }

    fn log_start(&self) {
        let router = &self.hub.engine.router;
        for (name, _) in &self.listeners {
            tracing::info!(app = router.app_name, at = %name, "listening");
        }
        for route in sorted_routes(router) {
            tracing::info!(app = router.app_name, "{route}");
        }
    }
}

/// Lets the connections end, and cuts those that do not.
async fn drain(
    hub: &Hub,
    tasks: &TaskTracker,
    grace: Duration,
    abort: impl Future<Output = ()>,
) -> ShutdownReport {
    let (start, open) = (Instant::now(), hub.connections());
    tasks.close();
    hub.close_all();
    let drained = tokio::select! {
        drained = timeout(grace, tasks.wait()) => drained.is_ok(),
        () = abort => false,
    };
    let cut = if drained { 0 } else { hub.cut_all() };
    tasks.wait().await;
    let report = ShutdownReport { open, cut, took: start.elapsed() };
    tracing::info!(open, cut, "stopped");
    report
}

/// Ends what a server has started when its future is dropped.
struct CutOnDrop {
    hub: Arc<Hub>,
    stop: CancellationToken,
}

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.stop.cancel();
        self.hub.cut_all();
    }
}

impl fmt::Debug for TcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.listeners.iter().map(|(name, _)| name).collect();
        f.debug_struct("TcpServer").field("listeners", &names).finish_non_exhaustive()
    }
}

/// A handle to a running server; it is a cheap clone.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    hub: Arc<Hub>,
    stop: CancellationToken,
}

impl ServerHandle {
    /// Returns what reaches all connections: notify and broadcast.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(Arc::clone(&self.hub) as _)
    }

    /// Returns the peers that made themselves known to the server, and their management.
    #[must_use]
    pub fn peers(&self) -> Peers {
        Peers::new(Arc::clone(&self.hub) as _)
    }

    /// Returns what the server has counted.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.hub.engine.counters
    }

    /// Returns how many bytes all connections together hold: in unfinished frames, and in what they
    /// do not read. [`Limits::memory_budget`](crate::Limits::memory_budget) is the most.
    #[must_use]
    pub fn budget_bytes(&self) -> usize {
        self.hub.budget.used()
    }

    /// Stops the server: [`TcpServer::run`] returns when its connections have ended.
    pub fn shutdown(&self) {
        self.stop.cancel();
    }
}
