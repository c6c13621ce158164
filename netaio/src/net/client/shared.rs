use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    net::{IpAddr, SocketAddr},
    ops::Deref,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::{Reconnect, RequestError, TimedOutCall, connection::Link};
use crate::{
    engine::{Engine, Hooks},
    handler::{App, Link as _, Node, SendError},
    net::peers::PeerHost,
    peer::{Peer, PeerManagement},
    plugin::Layer,
    queue::Queue,
    wire::{Message, MessageType},
};

/// A server by the name that it was connected under, such as `example.org:8888`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerName(Arc<str>);

impl ServerName {
    /// Returns the name, host and port.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! server_name {
    ($($from:ty),*) => {$(
        impl From<$from> for ServerName {
            fn from(name: $from) -> Self {
                Self(name.to_string().into())
            }
        }
    )*};
}

server_name!(&str, String, &String, SocketAddr);

impl From<(&str, u16)> for ServerName {
    fn from((host, port): (&str, u16)) -> Self {
        format!("{host}:{port}").into()
    }
}

impl From<(IpAddr, u16)> for ServerName {
    fn from(addr: (IpAddr, u16)) -> Self {
        SocketAddr::from(addr).into()
    }
}

/// A hook that is told of calls that timed out.
pub(super) type OnTimeout = Arc<dyn Fn(&TimedOutCall) + Send + Sync>;

/// What a client's builder has collected.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) handlers: App,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) reconnect: Option<Reconnect>,
    pub(super) on_timeout: Option<OnTimeout>,
    pub(super) connect_with: Option<ConnectWith>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
}

/// Makes streams to servers in place of the network.
pub(super) type ConnectWith =
    Arc<dyn Fn(ServerName) -> BoxFuture<io::Result<Box<dyn Stream>>> + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Any byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What all handles and connections of a client share.
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    options: Options,
    /// Messages that nothing else took.
    pub(super) inbox: Queue<Message>,
    subscriptions: Mutex<Subscriptions>,
    /// Set when the last handle is gone.
    pub(super) abandoned: CancellationToken,
    links: Mutex<Links>,
}

/// A subscription of this client.
#[derive(Debug, Clone)]
pub(super) struct Subscribed {
    pub(super) server: ServerName,
    pub(super) uri: Bytes,
    /// The inner layer it was made with, to renew it with after a reconnect.
    pub(super) layer: Layer,
    pub(super) queue: Arc<Queue<Message>>,
}

/// The subscriptions of a client, by uri: a notification costs what its own subscribers do.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(HashMap<Bytes, Vec<Subscribed>>);

impl Subscriptions {
    pub(super) fn add(&mut self, subscribed: Subscribed) {
        self.0.entry(subscribed.uri.clone()).or_default().push(subscribed);
    }

    /// Takes one off the list; returns whether it was the last to its uri at its server.
    pub(super) fn remove(&mut self, subscribed: &Subscribed) -> bool {
        let Some(known) = self.0.get_mut(&subscribed.uri) else { return false };
        let before = known.len();
        known.retain(|known| !Arc::ptr_eq(&known.queue, &subscribed.queue));
        let was_last =
            known.len() < before && !known.iter().any(|known| known.server == subscribed.server);
        if known.is_empty() {
            self.0.remove(&subscribed.uri);
        }
        was_last
    }

    /// Returns those to a uri at a server.
    pub(super) fn to(&self, uri: &[u8], server: &ServerName) -> impl Iterator<Item = &Subscribed> {
        let known = self.0.get(uri).into_iter().flatten();
        known.filter(move |known| known.server == *server)
    }

    /// Returns all those at a server.
    pub(super) fn at(&self, server: &ServerName) -> impl Iterator<Item = &Subscribed> {
        self.0.values().flatten().filter(move |known| known.server == *server)
    }
}

#[derive(Debug, Default)]
struct Links {
    by_name: HashMap<ServerName, Arc<Link>>,
    /// The servers that the application has connected and not closed.
    wanted: HashSet<ServerName>,
    /// The server that was connected first.
    default: Option<ServerName>,
}

impl Shared {
    pub(super) fn new(engine: Engine, options: Options) -> Self {
        Self {
            engine: Arc::new(engine),
            options,
            inbox: Queue::new(1_024),
            subscriptions: Mutex::default(),
            abandoned: CancellationToken::new(),
            links: Mutex::default(),
        }
    }

    /// Returns the connection to a server, or to the one that was connected first.
    pub(super) fn link(&self, server: Option<&ServerName>) -> Result<Arc<Link>, RequestError> {
        let links = self.links();
        let name = server.or(links.default.as_ref()).ok_or_else(RequestError::not_connected)?;
        // Most clients have one server: there is nothing to look up.
        let link = match links.by_name.len() {
            1 => links.by_name.values().next().filter(|link| link.name == *name),
            _ => links.by_name.get(name),
        };
        link.cloned().ok_or_else(RequestError::not_connected)
    }

    /// Puts a new connection in the place of any other to the same server.
    pub(super) fn insert(&self, link: Arc<Link>) {
        let mut links = self.links();
        links.default.get_or_insert_with(|| link.name.clone());
        links.wanted.insert(link.name.clone());
        let replaced = links.by_name.insert(link.name.clone(), link);
        drop(links);
        if let Some(replaced) = replaced {
            replaced.outbox.close();
        }
        self.inbox.reopen();
    }

    /// Forgets the connection to a server, and gives it.
    pub(super) fn remove(&self, server: Option<&ServerName>) -> Option<Arc<Link>> {
        let mut links = self.links();
        let name = server.cloned().or_else(|| links.default.clone())?;
        links.wanted.remove(&name);
        links.by_name.remove(&name)
    }

    /// Returns whether a lost connection to a server is to be restored.
    pub(super) fn is_wanted(&self, name: &ServerName) -> bool {
        !self.abandoned.is_cancelled() && self.links().wanted.contains(name)
    }

    /// Forgets a connection that has ended, unless another has taken its place; returns whether it
    /// was still the one.
    pub(super) fn forget(&self, ended: &Arc<Link>) -> bool {
        let mut links = self.links();
        let current = links.by_name.get(&ended.name).is_some_and(|link| Arc::ptr_eq(link, ended));
        if current {
            links.by_name.remove(&ended.name);
        }
        current
    }

    /// Tells readers that nothing more can come of a server that is not connected.
    pub(super) fn close_if_gone(&self, server: &ServerName) {
        if self.link(Some(server)).is_ok() {
            return;
        }
        self.subscriptions().at(server).for_each(|known| known.queue.close());
        if self.links().by_name.is_empty() {
            self.inbox.close();
        }
    }

    pub(super) fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        // Nothing that runs under the lock can panic half-way.
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals a message to one server.
    pub(super) fn seal(
        &self,
        inner: &Layer,
        message: Message,
        to: &Link,
    ) -> Result<Bytes, SendError> {
        self.handlers.router().learn(message.message_type());
        let mut frame = BytesMut::new();
        self.engine.seal_message(inner, message, to.far(), &mut frame)?;
        Ok(frame.freeze())
    }

    pub(super) fn timed_out(&self, call: &TimedOutCall) {
        tracing::debug!(server = %call.server, uri = %call.uri.escape_ascii(), "a call timed out");
        if let Some(hook) = &self.on_timeout {
            hook(call);
        }
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        // Nothing that runs under the lock can panic half-way.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Shared {
    type Target = Options;

    fn deref(&self) -> &Options {
        &self.options
    }
}

impl Node for Shared {
    fn notify(&self, _: &[u8], _: Message) -> Result<usize, SendError> {
        // Only a server or a node has subscribers.
        Ok(0)
    }

    fn broadcast(&self, message: Message) -> Result<usize, SendError> {
        let links = self.all();
        let mut sent = 0;
        for link in &links {
            let frame = self.seal(&Layer::new(), message.clone(), link)?;
            sent += usize::from(link.outbox.queue(frame).is_ok());
        }
        Ok(sent)
    }

    fn subscribers(&self, _: &[u8]) -> usize {
        0
    }

    fn connections(&self) -> usize {
        self.links().by_name.len()
    }
}

impl PeerHost for Shared {
    fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// A client tells every server who it is, and answers nothing.
    fn manage(&self, management: PeerManagement) {
        let on_leave = Arc::new(|_: &Peer| {});
        self.engine.manage_peers(&management, &Hooks { answers: false, on_leave });
        let PeerManagement { app_id, layer, .. } = &management;
        for link in self.all() {
            self.introduce(&link, MessageType::AdvertisePeer, app_id, layer);
        }
    }

    /// Only the servers that answered are told: the others never knew of it.
    fn stop(&self, app_id: &[u8]) -> bool {
        let Some(layer) = self.engine.stop_peers(app_id) else { return false };
        for link in self.all().iter().filter(|link| self.engine.peers.at(link.remote()).is_some()) {
            self.introduce(link, MessageType::Disconnect, app_id, &layer);
        }
        true
    }
}

impl Shared {
    /// Sends a management message for every app id to a server.
    pub(super) fn introduce_all(&self, link: &Arc<Link>, message_type: MessageType) {
        for (app_id, layer) in self.engine.peers.with(|manager, _| manager.apps()) {
            self.introduce(link, message_type, &app_id, &layer);
        }
    }

    fn introduce(&self, link: &Arc<Link>, message_type: MessageType, app_id: &[u8], layer: &Layer) {
        let content = self.engine.peers.with(|manager, _| manager.introduction());
        let message = match Message::new(message_type, app_id, &content) {
            Ok(message) => message,
            Err(error) => return tracing::error!(%error, "the local peer can't be sent"),
        };
        let (sealing, link) = (link.sealing(layer, message), Arc::clone(link));
        sealing.then(move |frame| {
            if let Err(error) = frame.and_then(|frame| link.outbox.queue(frame)) {
                tracing::warn!(server = %link.name, %message_type, %error, "could not send");
            }
        });
    }

    fn all(&self) -> Vec<Arc<Link>> {
        self.links().by_name.values().cloned().collect()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("links", &*self.links()).finish_non_exhaustive()
    }
}

/// Closes a client's connections when its last handle goes.
#[derive(Debug)]
pub(super) struct Guard(pub(super) Arc<Shared>);

impl Deref for Guard {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abandoned.cancel();
        let links = std::mem::take(&mut self.0.links().by_name);
        for link in links.values() {
            self.0.introduce_all(link, MessageType::Disconnect);
            link.outbox.close();
        }
    }
}
