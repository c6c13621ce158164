use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};

use crate::{
    budget::Budget,
    engine::{BroadcastScope, Engine, Hooks, count, metrics, warn_limited},
    handler::{
        ConnectionId, Identity, Link, Node, RemoteAddr, SendError, SubscribeError, Transport,
    },
    net::{
        admission::Admission,
        burst,
        peers::PeerHost,
        run::{Ended, Receiver, Run, Runs},
    },
    peer::{Peer, PeerManagement},
    plugin::Layer,
    pubsub::{Outbox, Phase, Pushed, Subscriber, Topics, Writer},
    wire::{Message, Output},
};

/// The connections of one endpoint, and who of them is subscribed to what.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) engine: Arc<Engine>,
    topics: Topics<Peering>,
    runs: Runs<Peering>,
    connections: Mutex<Connections>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) budget: Arc<Budget>,
    this: Weak<Self>,
}

#[derive(Debug, Default)]
struct Connections {
    all: HashMap<ConnectionId, Arc<Peering>>,
    /// Those that have subscribed, by the address of their other end, which need not be unique:
    /// a peer that leaves is looked for among nobody else.
    subscribed: HashMap<RemoteAddr, Vec<ConnectionId>>,
}

impl Connections {
    fn add_subscriber(&mut self, peering: &Peering) {
        let ids = self.subscribed.entry(peering.remote.clone()).or_default();
        if !ids.contains(&peering.id) {
            ids.push(peering.id);
        }
    }

    fn remove(&mut self, peering: &Peering) {
        self.all.remove(&peering.id);
        if let Entry::Occupied(mut ids) = self.subscribed.entry(peering.remote.clone()) {
            ids.get_mut().retain(|id| *id != peering.id);
            if ids.get().is_empty() {
                ids.remove();
            }
        }
    }
}

/// The other end of a new connection.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) addr: RemoteAddr,
    pub(crate) transport: Transport,
    pub(crate) identity: Option<Identity>,
    /// Lets those who publish write to it.
    pub(crate) writer: Option<Arc<dyn Writer>>,
}

/// One connection, as the rest of the endpoint sees it.
#[derive(Debug)]
pub(crate) struct Peering {
    id: ConnectionId,
    remote: RemoteAddr,
    transport: Transport,
    identity: Option<Identity>,
    pub(crate) outbox: Outbox,
    /// Set when a subscription was refused, until the handler's reply says so.
    refused: AtomicBool,
    /// Set when a message has passed the outer layer.
    authenticated: AtomicBool,
    /// Set with the first subscription, for good: from then on it may be among a run's receivers.
    subscribed: AtomicBool,
    hub: Arc<Hub>,
}

/// Keeps a connection listed for as long as its task runs.
#[derive(Debug)]
pub(crate) struct Listed(pub(crate) Arc<Peering>);

impl Hub {
    pub(crate) fn new(engine: Arc<Engine>) -> Arc<Self> {
        let topics = Topics::new(&engine.limits);
        let runs = Runs::new(engine.limits.outbound_limit);
        let connections = Mutex::default();
        let has_auth = engine.outer.auth_plugin().is_some();
        let admission = Arc::new(Admission::new(&engine.limits, has_auth));
        let budget = Budget::new(engine.limits.memory_budget);
        Arc::new_cyclic(|this| Self {
            engine,
            topics,
            runs,
            connections,
            admission,
            budget,
            this: this.clone(),
        })
    }

    /// Ends the subscriptions of a peer that took leave.
    fn unsubscribe_peer(&self, peer: &Peer) {
        let connections = self.lock();
        let ids = peer.addrs().iter().filter_map(|addr| connections.subscribed.get(addr));
        ids.flatten().for_each(|id| self.topics.remove(id));
    }

    /// Lists a new connection.
    pub(crate) fn add(self: &Arc<Self>, remote: Remote) -> Listed {
        let Remote { addr: remote, transport, identity, writer } = remote;
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed));
        let outbox =
            Outbox::new(self.engine.limits.outbound_limit, &self.budget).with_writer(writer);
        let [refused, authenticated, subscribed] = [const { AtomicBool::new(false) }; 3];
        let hub = Arc::clone(self);
        let peering = Arc::new(Peering {
            id,
            remote,
            transport,
            identity,
            outbox,
            refused,
            authenticated,
            subscribed,
            hub,
        });
        self.lock().all.insert(id, Arc::clone(&peering));
        metrics::connections(1.0);
        if let Some(oldest) = self.admission.add_stranger(&peering) {
            count::strangers_dropped(&self.engine.counters);
            let (connection, remote) = (oldest.id, &oldest.remote);
            warn_limited!(self.engine, cut, %connection, %remote, "cut: too many that have proved nothing");
            oldest.outbox.cut();
        }
        Listed(peering)
    }

    /// Cuts the connections that hold most, until the others have room.
    pub(crate) fn make_room(&self) {
        let mut excess = self.budget.excess();
        if excess == 0 {
            return;
        }
        let mut all = self.all();
        all.sort_by_cached_key(|peering| peering.outbox.account().held());
        while let Some(largest) = all.pop().filter(|_| excess > 0) {
            // What it holds is given back now, or when its task has ended.
            let held = largest.outbox.account().held();
            excess = excess.saturating_sub(held.max(1));
            count::budget_evictions(&self.engine.counters);
            let (connection, remote) = (largest.id, &largest.remote);
            warn_limited!(self.engine, cut, %connection, %remote, held, "cut: no memory");
            largest.outbox.cut();
        }
    }

    /// Ends all connections: each sends what waits for it first.
    pub(crate) fn close_all(&self) {
        self.settle();
        for peering in self.all() {
            peering.outbox.close();
        }
    }

    /// Ends all connections at once; returns how many.
    pub(crate) fn cut_all(&self) -> usize {
        let all = self.all();
        for peering in &all {
            peering.outbox.cut();
        }
        all.len()
    }

    fn all(&self) -> Vec<Arc<Peering>> {
        self.lock().all.values().cloned().collect()
    }

    /// Sends a message to several connections, sealed once if no layer depends on the receiver.
    fn fan_out(&self, to: Arc<[Arc<Peering>]>, message: Message) -> Result<usize, SendError> {
        let Some(first) = to.first() else { return Ok(0) };
        if self.engine.outer.is_peer_specific() {
            let sent = to.iter().filter(|peering| peering.send(message.clone()).is_ok()).count();
            return Ok(sent);
        }
        let frame = self.seal(message, None)?;
        let put_off = burst::settles(&first.hub);
        let reached = to.len();
        match self.runs.add(to, frame) {
            None => {}
            Some(Ended::Others) => self.runs.settle_ended(!put_off),
            // Not kept for the end of the burst, so that no more waits there.
            Some(Ended::Full) => self.runs.settle_ended(true),
        }
        if !put_off {
            self.settle();
        }
        Ok(reached)
    }

    /// Gives the receivers of notifications what they have not been given: now it comes before
    /// whatever else is sent to them. It is written at the end of the burst, or at once.
    pub(crate) fn settle(&self) {
        if self.runs.exist() {
            self.runs.settle(!burst::is_on());
        }
    }

    fn seal(&self, message: Message, to: Option<&RemoteAddr>) -> Result<BytesMut, SendError> {
        let mut frame = BytesMut::new();
        self.engine.seal_message(&Layer::new(), message, self.engine.remote(to), &mut frame)?;
        Ok(frame)
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        // Nothing that runs under the lock can panic half-way.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node for Hub {
    fn notify(&self, key: &[u8], message: Message) -> Result<usize, SendError> {
        self.fan_out(self.topics.subscribers(key), message)
    }

    fn broadcast(&self, message: Message) -> Result<usize, SendError> {
        let mut to = self.all();
        if self.engine.limits.broadcast_scope == BroadcastScope::Authenticated {
            to.retain(|peering| peering.authenticated.load(Ordering::Relaxed));
        }
        let reached = self.fan_out(to.into(), message);
        // Its receivers need not be subscribed, and only subscribers look whether there is a run.
        self.settle();
        reached
    }

    fn subscribers(&self, key: &[u8]) -> usize {
        self.topics.count(key)
    }

    fn connections(&self) -> usize {
        self.lock().all.len()
    }
}

impl PeerHost for Hub {
    fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// A server never speaks first: it answers who makes itself known.
    fn manage(&self, management: PeerManagement) {
        let this = self.this.clone();
        let on_leave = Arc::new(move |peer: &Peer| {
            if let Some(hub) = this.upgrade() {
                hub.unsubscribe_peer(peer);
            }
        });
        self.engine.manage_peers(&management, &Hooks { answers: true, on_leave });
    }

    fn stop(&self, app_id: &[u8]) -> bool {
        self.engine.stop_peers(app_id).is_some()
    }
}

impl Peering {
    /// Notes that a message from here has passed the outer layer.
    pub(crate) fn authenticate(&self) {
        // Mostly it is noted already, and a read costs less.
        if !self.authenticated.load(Ordering::Relaxed) {
            self.authenticated.store(true, Ordering::Relaxed);
            self.hub.admission.remove_stranger(self.id);
        }
    }

    /// Makes sure that what comes next does not overtake a notification.
    fn settle(&self) {
        if self.subscribed.load(Ordering::Relaxed) {
            self.hub.settle();
        }
    }

    /// Looks at what became of a frame: a connection that lets its queue overflow is cut.
    fn queued<T>(&self, queued: Result<T, SendError>) -> Result<T, SendError> {
        if matches!(queued, Err(SendError::QueueFull)) {
            let (engine, connection, remote) = (&self.hub.engine, self.id, &self.remote);
            count::slow_consumers(&engine.counters);
            warn_limited!(engine, cut, %connection, %remote, "cut: it does not read");
            self.outbox.cut();
        }
        queued
    }
}

impl Receiver for Peering {
    fn take(self: &Arc<Self>, run: &Run<Self>, at_once: bool) {
        let taken = self.queued(self.outbox.give(run.number, &run.frames, at_once));
        if taken == Ok(Pushed::Promised) {
            burst::write(self);
        }
    }

    fn touch(&self) {
        self.outbox.touch();
    }
}

impl Link for Peering {
    fn id(&self) -> ConnectionId {
        self.id
    }

    fn remote(&self) -> &RemoteAddr {
        &self.remote
    }

    fn transport(&self) -> Transport {
        self.transport
    }

    fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    fn subscribe(&self, uri: Bytes) -> Result<(), SubscribeError> {
        let mut connections = self.hub.lock();
        // A connection that has gone must not be listed again.
        let this = connections.all.get(&self.id).ok_or(SubscribeError::Closed)?;
        self.subscribed.store(true, Ordering::Relaxed);
        let subscribed = self.hub.topics.subscribe(&uri, this);
        if subscribed.is_ok() {
            connections.add_subscriber(self);
        }
        if subscribed == Err(SubscribeError::TooMany) {
            let (engine, connection, remote) = (&self.hub.engine, self.id, &self.remote);
            count::subscriptions_refused(&engine.counters);
            warn_limited!(engine, subscriptions, %connection, %remote, "too many subscriptions");
            self.refused.store(true, Ordering::Relaxed);
        }
        subscribed
    }

    fn unsubscribe(&self, uri: &[u8]) {
        self.hub.topics.unsubscribe(uri, &self.id);
    }

    fn send(&self, message: Message) -> Result<(), SendError> {
        let frame = self.hub.seal(message, Some(&self.remote))?.freeze();
        self.settle();
        self.queued(self.outbox.push(frame))
    }

    fn close(&self) {
        self.settle();
        self.outbox.close();
    }

    fn is_closed(&self) -> bool {
        self.outbox.phase() != Phase::Open
    }

    fn take_refusal(&self) -> bool {
        self.refused.swap(false, Ordering::Relaxed)
    }

    fn settle_queued(&self) -> bool {
        // What others send meanwhile need not come first.
        if self.subscribed.load(Ordering::Relaxed) && burst::has_notified(&self.hub) {
            self.hub.settle();
        }
        self.outbox.has_news()
    }

    fn take_queued(&self, out: &mut Output) {
        self.outbox.take(out);
    }
}

impl Subscriber for Peering {
    type Key = ConnectionId;

    fn key(&self) -> ConnectionId {
        self.id
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let Self(peering) = self;
        // Nothing more can be sent, and holders of a handle are to see that.
        peering.outbox.cut();
        peering.hub.lock().remove(peering);
        metrics::connections(-1.0);
        peering.hub.topics.remove(&peering.id);
        peering.hub.admission.remove_stranger(peering.id);
        peering.hub.engine.peers.with(|manager, _| manager.closed(&peering.remote));
    }
}
