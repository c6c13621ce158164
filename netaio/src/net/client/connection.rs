use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::Notify,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::{ConnectError, RequestError, ServerName, session::ClientSession, shared::Shared};
use crate::{
    budget::Budget,
    engine::{Engine, Remote, ReplayCache},
    handler::{
        Connection, ConnectionId, Endpoint, Link as ConnectionLink, RemoteAddr, SendError,
        SubscribeError, Transport,
    },
    net::{
        call::{Calls, Order},
        driver::{Driver, End},
        listener::keep_alive,
        sealing::Sealing,
        shared_stream::SharedStream,
    },
    plugin::Layer,
    pubsub::{Outbox, Phase, Writer},
    wire::{Message, MessageType, Output},
};

/// A client's connection to one server.
#[derive(Debug)]
pub(super) struct Link {
    id: ConnectionId,
    pub(super) name: ServerName,
    remote: RemoteAddr,
    transport: Transport,
    engine: Arc<Engine>,
    pub(super) outbox: Outbox,
    pub(super) calls: Calls,
    /// The messages of this connection.
    pub(super) seen: Arc<ReplayCache>,
    /// Why it ended, once it has.
    reason: OnceLock<Arc<str>>,
    end: Notify,
}

impl Link {
    fn new(
        shared: &Shared,
        name: ServerName,
        remote: RemoteAddr,
        transport: Transport,
        writer: Option<Arc<dyn Writer>>,
    ) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let limits = &shared.engine.limits;
        Arc::new(Self {
            id: ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed)),
            name,
            remote,
            transport,
            engine: Arc::clone(&shared.engine),
            outbox: Outbox::new(limits.outbound_limit, &Budget::new(limits.memory_budget))
                .with_writer(writer),
            calls: Calls::new(Order::Sent),
            seen: Arc::new(ReplayCache::new(limits.replay.capacity)),
            reason: OnceLock::new(),
            end: Notify::new(),
        })
    }

    /// Returns the other side of its messages.
    pub(super) fn far(&self) -> Remote<'_> {
        Remote { addr: Some(&self.remote), seen: &self.seen, stop: None }
    }

    /// Sends the frame of a call: at once if it is alone, else with those of the others.
    pub(super) fn send_call(&self, frame: &Bytes, is_alone: bool) -> Result<(), SendError> {
        if is_alone { self.outbox.push(frame.clone()) } else { self.outbox.queue(frame.clone()) }
    }

    /// Prepares a message to its server, whose layers may take their time.
    pub(super) fn sealing(&self, layer: &Layer, message: Message) -> Sealing {
        let (engine, seen) = (Arc::clone(&self.engine), Some(Arc::clone(&self.seen)));
        Sealing { engine, layer: layer.clone(), message, to: Some(self.remote.clone()), seen }
    }

    /// Returns the error of a call on a connection that has ended or is about to.
    pub(super) fn closed(&self) -> RequestError {
        let reason = self.reason.get().cloned();
        RequestError::Closed { reason: reason.unwrap_or_else(|| "closed by this end".into()) }
    }

    /// Waits until the connection has ended.
    pub(super) async fn ended(&self) {
        let end = self.end.notified();
        if self.reason.get().is_none() {
            end.await;
        }
    }

    fn finish(&self, reason: impl Into<Arc<str>>) {
        self.outbox.cut();
        let reason = self.reason.get_or_init(|| reason.into());
        self.calls.close(reason);
        self.end.notify_waiters();
    }
}

/// The link of a task, which ends with it: a call must not wait for one that has gone with its
/// runtime.
struct Running(Arc<Link>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.finish("its runtime has shut down");
    }
}

/// Connects to a server and puts the connection in place.
pub(super) async fn connect(shared: &Arc<Shared>, name: &ServerName) -> Result<(), ConnectError> {
    let failed = |error: io::Error| ConnectError { server: name.clone(), source: Arc::new(error) };
    let connected = timeout(shared.connect_timeout, async {
        if let Some(connect) = &shared.connect_with {
            let stream = connect(name.clone()).await?;
            start(shared, stream, name.clone(), RemoteAddr::unnamed(), Transport::Other);
            return Ok(());
        }
        #[cfg(unix)]
        if let Some(path) = name.as_str().strip_prefix("unix:") {
            let stream = tokio::net::UnixStream::connect(path).await?;
            let remote = RemoteAddr::Unix(path.into());
            start(shared, stream, name.clone(), remote, Transport::Unix);
            return Ok(());
        }
        let stream = connect_tcp(name).await?;
        keep_alive(&stream, shared.engine.limits.keepalive);
        let remote = stream.peer_addr()?.into();
        #[cfg(feature = "tls")]
        if let Some(config) = &shared.tls {
            let stream = crate::net::tls::connect(config, name.as_str(), stream).await?;
            start(shared, stream, name.clone(), remote, Transport::Tls);
            return Ok(());
        }
        let stream = SharedStream::from(stream);
        let writer = Some(stream.writer());
        start_with(shared, stream, name.clone(), remote, Transport::Tcp, writer);
        Ok(())
    });
    match connected.await {
        Ok(connected) => connected.map_err(failed),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

async fn connect_tcp(name: &ServerName) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for addr in lookup_host(name.as_str()).await? {
        result = TcpStream::connect(addr).await;
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    // The connection may be gone already; reading will tell.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Takes a stream over as the connection to a server.
pub(super) fn start<S>(
    shared: &Arc<Shared>,
    stream: S,
    name: ServerName,
    remote: RemoteAddr,
    transport: Transport,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    start_with(shared, stream, name, remote, transport, None);
}

/// Does so with what a call that is alone may write to.
fn start_with<S>(
    shared: &Arc<Shared>,
    stream: S,
    name: ServerName,
    remote: RemoteAddr,
    transport: Transport,
    writer: Option<Arc<dyn Writer>>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let link = Link::new(shared, name, remote, transport, writer);
    // Before anything else that is sent.
    shared.introduce_all(&link, MessageType::AdvertisePeer);
    shared.insert(Arc::clone(&link));
    let span = tracing::debug_span!("client", server = %link.name);
    tokio::spawn(run(Arc::clone(shared), Running(link), stream).instrument(span));
}

/// Runs a connection to its end, and then connects again if the client is to.
async fn run<S>(shared: Arc<Shared>, running: Running, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let link = &running.0;
    let connection = Connection::new(Arc::clone(link) as _);
    let endpoint = Endpoint::new(Arc::clone(&shared) as _);
    let session = ClientSession::new(Arc::clone(&shared), Arc::clone(link), connection, endpoint);
    let limits = shared.engine.limits;
    // A task of its own: what it waits for need not be looked at whenever something arrives.
    let timed = Arc::clone(link);
    let clock = AbortOnDropHandle::new(tokio::spawn(async move { timed.calls.keep_time().await }));
    let end = Driver::new(stream, &session, &link.outbox, &limits).run().await;
    drop((session, clock));
    link.finish(end.to_string());
    shared.engine.peers.with(|manager, _| manager.closed(&link.remote));
    end.note(&shared.engine, &link.remote);
    let was_current = shared.forget(link);
    match &shared.reconnect {
        Some(policy) if was_current && !matches!(end, End::Closed) => {
            policy.restore(&shared, &link.name, &end).await;
        }
        _ => {}
    }
    shared.close_if_gone(&link.name);
}

/// Subscribes again to what the client was subscribed to before the connection was lost.
pub(super) fn resubscribe(shared: &Shared, name: &ServerName) {
    let Ok(link) = shared.link(Some(name)) else { return };
    let subscriptions: Vec<_> = shared.subscriptions().at(name).cloned().collect();
    for subscription in subscriptions {
        let uri = subscription.uri.clone();
        // Its uri was sent before, so it is none too long.
        let Ok(message) = Message::new(MessageType::SubscribeUri, &uri, b"") else { continue };
        let sealing = link.sealing(&subscription.layer, message);
        let link = Arc::clone(&link);
        sealing.then(move |frame| {
            if let Err(error) = frame.and_then(|frame| link.outbox.queue(frame)) {
                tracing::warn!(uri = %uri.escape_ascii(), %error, "could not subscribe again");
            }
        });
    }
}

impl ConnectionLink for Link {
    fn id(&self) -> ConnectionId {
        self.id
    }

    fn remote(&self) -> &RemoteAddr {
        &self.remote
    }

    fn transport(&self) -> Transport {
        self.transport
    }

    fn subscribe(&self, _: Bytes) -> Result<(), SubscribeError> {
        Err(SubscribeError::NotAServer)
    }

    fn unsubscribe(&self, _: &[u8]) {}

    fn send(&self, message: Message) -> Result<(), SendError> {
        let mut frame = BytesMut::new();
        self.engine.seal_message(&Layer::new(), message, self.far(), &mut frame)?;
        self.outbox.queue(frame.freeze())
    }

    fn close(&self) {
        self.outbox.close();
    }

    fn is_closed(&self) -> bool {
        self.outbox.phase() != Phase::Open
    }

    fn take_refusal(&self) -> bool {
        false
    }

    fn settle_queued(&self) -> bool {
        self.outbox.has_news()
    }

    fn take_queued(&self, out: &mut Output) {
        self.outbox.take(out);
    }
}
