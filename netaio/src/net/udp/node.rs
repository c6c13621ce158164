use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    multicast::Membership,
    replies::Losses,
    socket::{Outgoing, Socket},
};
use crate::{
    engine::{Engine, Hooks, count, warn_limited},
    handler::{ConnectionId, Link, Node, RemoteAddr, SendError, SubscribeError, Transport},
    net::{
        call::{Calls, Order},
        client::TimedOutCall,
        peers::PeerHost,
        sealing::Sealing,
    },
    peer::{Manager, Peer, PeerManagement},
    plugin::Layer,
    pubsub::{Subscriber, Topics},
    queue::Queue,
    wire::{Message, MessageType, Output},
};

/// What fits through any network in one piece; a larger datagram of the library's own is counted.
pub(super) const SAFE_DATAGRAM: usize = 1_200;
/// How many messages that nothing took wait to be received.
const INBOX: usize = 1_024;

/// How many peers are advertised to at once. More wait for each other, so that a crowd neither
/// overflows the socket nor keeps requests waiting: 6,400 a second.
const CROWD: usize = 64;
const PAUSE: Duration = Duration::from_millis(10);

/// Where a management message goes, and from which address of ours, if that matters.
type Target = (SocketAddr, Option<IpAddr>);

/// What the parts of a UDP node share.
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    pub(super) socket: Socket,
    pub(super) membership: Membership,
    pub(super) seeds: Vec<SocketAddr>,
    pub(super) inbox: Queue<(Message, SocketAddr)>,
    pub(super) timeout: Duration,
    pub(super) on_timeout: Option<OnTimeout>,
    pub(super) stop: CancellationToken,
    pub(super) handlers: TaskTracker,
    topics: Topics<Subscribed>,
    calls: Mutex<HashMap<SocketAddr, Arc<Calls>>>,
    this: Weak<Self>,
}

/// A hook that is told of calls that timed out.
pub(super) type OnTimeout = Arc<dyn Fn(&TimedOutCall) + Send + Sync>;

/// What a [`Shared`] is made of.
pub(super) struct Parts {
    pub(super) engine: Engine,
    pub(super) socket: Socket,
    pub(super) membership: Membership,
    pub(super) seeds: Vec<SocketAddr>,
    pub(super) timeout: Duration,
    pub(super) on_timeout: Option<OnTimeout>,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> Arc<Self> {
        let Parts { engine, socket, membership, seeds, timeout, on_timeout } = parts;
        let topics = Topics::new(&engine.limits);
        Arc::new_cyclic(|this| Self {
            engine: Arc::new(engine),
            socket,
            membership,
            seeds,
            inbox: Queue::new(INBOX),
            timeout,
            on_timeout,
            stop: CancellationToken::new(),
            handlers: TaskTracker::new(),
            topics,
            calls: Mutex::default(),
            this: this.clone(),
        })
    }

    /// Sends a frame, from the address that the system chooses.
    pub(super) fn send_to(&self, to: SocketAddr, bytes: Bytes) -> Result<(), SendError> {
        self.send(Outgoing { to, from: None, bytes })
    }

    pub(super) fn send(&self, datagram: Outgoing) -> Result<(), SendError> {
        let mut losses = Losses::default();
        let sent = self.socket.send(datagram, &mut losses);
        self.note(losses);
        sent
    }

    #[inline]
    pub(super) fn note(&self, losses: Losses) {
        if losses != Losses::default() {
            self.note_losses(losses);
        }
    }

    #[cold]
    fn note_losses(&self, losses: Losses) {
        let engine = &self.engine;
        for _ in 0..losses.failed {
            count::failed_replies(&engine.counters);
        }
        for _ in 0..losses.dropped {
            count::datagrams_dropped(&engine.counters);
            warn_limited!(engine, dropped, "dropped the oldest datagram: the send queue is full");
        }
    }

    /// Seals a message to one receiver.
    pub(super) fn seal(
        &self,
        layer: &Layer,
        message: Message,
        to: Option<SocketAddr>,
    ) -> Result<Bytes, SendError> {
        self.engine.router.learn(message.message_type());
        let (mut frame, to) = (BytesMut::new(), to.map(RemoteAddr::from));
        let to = self.engine.remote(to.as_ref());
        self.engine.seal_message(layer, message, to, &mut frame)?;
        Ok(frame.freeze())
    }

    /// Prepares a message whose layers may take their time.
    pub(super) fn sealing(
        &self,
        layer: &Layer,
        message: Message,
        to: Option<SocketAddr>,
    ) -> Sealing {
        self.engine.router.learn(message.message_type());
        let (engine, to) = (Arc::clone(&self.engine), to.map(RemoteAddr::from));
        Sealing { engine, layer: layer.clone(), message, to, seen: None }
    }

    /// Sends a message to the group, once through each interface; returns through how many.
    pub(super) fn multicast(&self, layer: &Layer, message: &Message) -> Result<usize, SendError> {
        for &(group, from) in &self.membership.targets {
            let bytes = self.seal(layer, message.clone(), None)?;
            self.send(Outgoing { to: group, from, bytes })?;
        }
        Ok(self.membership.targets.len())
    }

    /// Sends a message to each address, sealed once if no layer depends on the receiver.
    fn fan_out(&self, to: &[SocketAddr], message: &Message) -> Result<usize, SendError> {
        let each = self.engine.outer.is_peer_specific();
        let mut frame: Option<Bytes> = None;
        let mut sent = 0;
        for &to in to {
            let bytes = match &frame {
                Some(frame) if !each => frame.clone(),
                _ => match self.seal(&Layer::new(), message.clone(), Some(to)) {
                    Ok(bytes) => frame.insert(bytes).clone(),
                    // One peer without a key keeps nobody else from the message.
                    Err(error) if each => {
                        tracing::debug!(%to, %error, "could not send to a peer");
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            sent += usize::from(self.send_to(to, bytes).is_ok());
        }
        Ok(sent)
    }

    /// Returns the calls that wait for answers from an address.
    pub(super) fn calls_to(&self, to: SocketAddr) -> Arc<Calls> {
        let mut calls = self.calls();
        // The places of calls that timed out stay for their late answers; they go when the map
        // would grow.
        if calls.len() == calls.capacity() {
            // One that is held is about to be added to.
            calls.retain(|_, waiting| Arc::strong_count(waiting) > 1 || !waiting.is_idle());
        }
        Arc::clone(calls.entry(to).or_insert_with(|| Arc::new(Calls::new(Order::Any))))
    }

    /// Lets the calls that wait for answers from an address, if any do, look at one.
    pub(super) fn calls_from(&self, from: SocketAddr, look: impl FnOnce(&Calls)) {
        let calls = self.calls().get(&from).map(Arc::clone);
        if let Some(calls) = calls {
            look(&calls);
        }
    }

    /// Forgets the place of calls that have all ended.
    pub(super) fn release(&self, to: SocketAddr) {
        let mut calls = self.calls();
        // It is held here and by the call that ends; another one may be about to add itself.
        let unused = |calls: &Arc<Calls>| Arc::strong_count(calls) <= 2 && calls.is_idle();
        if calls.get(&to).is_some_and(unused) {
            calls.remove(&to);
        }
    }

    /// Ends every waiting call.
    pub(super) fn close_calls(&self, reason: &Arc<str>) {
        self.calls().values().for_each(|calls| calls.close(reason));
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<Calls>>> {
        // Nothing that runs under the lock can panic half-way.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets silent peers, and advertises what is due.
    pub(super) fn tick(&self) {
        let (lost, due) = self.engine.peers.with(Manager::tick);
        lost.iter().for_each(|peer| self.unsubscribe_peer(peer));
        for (app_id, layer) in due {
            self.introduce(MessageType::AdvertisePeer, &app_id, &layer);
        }
    }

    /// Sends a management message to the group and the seeds; without a group also to the peers.
    pub(super) fn introduce(&self, message_type: MessageType, app_id: &[u8], layer: &Layer) {
        let content = self.engine.peers.with(|manager, _| manager.introduction());
        let message = match Message::new(message_type, app_id, &content) {
            Ok(message) => message,
            Err(error) => return tracing::error!(%error, "the local peer can't be sent"),
        };
        let mut to: Vec<Target> = self.membership.targets.clone();
        let mut known = self.seeds.clone();
        if self.membership.targets.is_empty() || message_type == MessageType::Disconnect {
            known.extend(self.known_peers());
            known.sort_unstable();
            known.dedup();
        }
        to.extend(known.into_iter().map(|to| (to, None)));
        // Who takes leave has no time to lose.
        let crowd = if message_type == MessageType::Disconnect { usize::MAX } else { CROWD };
        let rest = to.split_off(to.len().min(crowd));
        self.tell(&message, layer, &to);
        if rest.is_empty() {
            return;
        }
        let (node, layer) = (self.this.clone(), layer.clone());
        self.handlers.spawn(async move {
            for part in rest.chunks(CROWD) {
                sleep(PAUSE).await;
                let Some(node) = node.upgrade().filter(|node| !node.stop.is_cancelled()) else {
                    return;
                };
                node.tell(&message, &layer, part);
            }
        });
    }

    /// Sends a management message to some.
    fn tell(&self, message: &Message, layer: &Layer, to: &[Target]) {
        let message_type = message.message_type();
        for &(to, from) in to {
            let receiver = (!to.ip().is_multicast()).then_some(to);
            let node = self.this.clone();
            self.sealing(layer, message.clone(), receiver).then(move |frame| {
                let Some(node) = node.upgrade() else { return };
                if frame.as_ref().is_ok_and(|bytes| bytes.len() > SAFE_DATAGRAM) {
                    count::datagrams_oversize(&node.engine.counters);
                }
                if let Err(error) = frame.and_then(|bytes| node.send(Outgoing { to, from, bytes }))
                {
                    warn_limited!(node.engine, peers, %to, %message_type, %error, "could not reach a peer");
                }
            });
        }
    }

    /// Returns the first address of every peer.
    pub(super) fn known_peers(&self) -> Vec<SocketAddr> {
        let peers = self.engine.peers.all();
        peers.iter().filter_map(|peer| peer.addrs().first()?.ip()).collect()
    }

    fn unsubscribe_peer(&self, peer: &Peer) {
        peer.addrs().iter().for_each(|addr| self.topics.remove(addr));
    }

    pub(super) fn subscriptions(&self) -> HashMap<Bytes, usize> {
        self.topics.counts()
    }
}

impl PeerHost for Shared {
    fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn manage(&self, management: PeerManagement) {
        let this = self.this.clone();
        let on_leave = Arc::new(move |peer: &Peer| {
            if let Some(node) = this.upgrade() {
                node.unsubscribe_peer(peer);
            }
        });
        self.engine.manage_peers(&management, &Hooks { answers: true, on_leave });
    }

    fn stop(&self, app_id: &[u8]) -> bool {
        let Some(layer) = self.engine.stop_peers(app_id) else { return false };
        self.introduce(MessageType::Disconnect, app_id, &layer);
        true
    }
}

impl Node for Shared {
    fn notify(&self, key: &[u8], message: Message) -> Result<usize, SendError> {
        let to: Vec<_> = self.topics.subscribers(key).iter().map(|sender| sender.addr).collect();
        self.fan_out(&to, &message)
    }

    fn broadcast(&self, message: Message) -> Result<usize, SendError> {
        self.fan_out(&self.known_peers(), &message)
    }

    fn subscribers(&self, key: &[u8]) -> usize {
        self.topics.count(key)
    }

    fn connections(&self) -> usize {
        self.engine.peers.with(|manager, _| manager.table().len())
    }
}

/// One who has subscribed.
#[derive(Debug)]
struct Subscribed {
    addr: SocketAddr,
    remote: RemoteAddr,
}

impl Subscriber for Subscribed {
    type Key = RemoteAddr;

    fn key(&self) -> RemoteAddr {
        self.remote.clone()
    }
}

/// One who has sent a datagram, as handlers see it.
#[derive(Debug)]
pub(super) struct Sender {
    id: ConnectionId,
    addr: SocketAddr,
    remote: RemoteAddr,
    /// Set when a subscription was refused, until the handler's reply says so.
    refused: AtomicBool,
    /// Handlers may keep a handle to a sender for longer than the node lives.
    node: Weak<Shared>,
}

impl Sender {
    pub(super) fn new(addr: SocketAddr, node: &Arc<Shared>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed));
        let (refused, node) = (AtomicBool::new(false), Arc::downgrade(node));
        Self { id, addr, remote: addr.into(), refused, node }
    }
}

impl Link for Sender {
    fn id(&self) -> ConnectionId {
        self.id
    }

    fn remote(&self) -> &RemoteAddr {
        &self.remote
    }

    fn transport(&self) -> Transport {
        Transport::Udp
    }

    fn subscribe(&self, uri: Bytes) -> Result<(), SubscribeError> {
        let node = self.node.upgrade().ok_or(SubscribeError::Closed)?;
        let (addr, remote) = (self.addr, self.remote.clone());
        let subscribed = node.topics.subscribe(&uri, &Arc::new(Subscribed { addr, remote }));
        if subscribed.is_err() {
            let (engine, remote) = (&node.engine, &self.remote);
            count::subscriptions_refused(&engine.counters);
            warn_limited!(engine, subscriptions, %remote, "too many subscriptions");
            self.refused.store(true, Ordering::Relaxed);
        }
        subscribed
    }

    fn unsubscribe(&self, uri: &[u8]) {
        if let Some(node) = self.node.upgrade() {
            node.topics.unsubscribe(uri, &self.remote);
        }
    }

    fn send(&self, message: Message) -> Result<(), SendError> {
        let node = self.node.upgrade().ok_or(SendError::Closed)?;
        let frame = node.seal(&Layer::new(), message, Some(self.addr))?;
        node.send_to(self.addr, frame)
    }

    /// There is no connection to close: it ends the sender's subscriptions.
    fn close(&self) {
        if let Some(node) = self.node.upgrade() {
            node.topics.remove(&self.remote);
        }
    }

    fn is_closed(&self) -> bool {
        self.node.upgrade().is_none_or(|node| node.stop.is_cancelled())
    }

    fn take_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    fn settle_queued(&self) -> bool {
        false
    }

    fn take_queued(&self, _: &mut Output) {}
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("local", &self.socket.local_addr()).finish_non_exhaustive()
    }
}
