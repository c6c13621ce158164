use std::{
    future::poll_fn,
    hash::{BuildHasher, RandomState},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use tokio::{
    task::yield_now,
    time::{sleep_until, timeout},
};

use super::{
    guard::{Guard, Repeat, Repeats, Seen, Suppressed},
    node::{SAFE_DATAGRAM, Sender, Shared},
    replies::Losses,
    socket::{Batch, Incoming, Outgoing},
};
use crate::{
    engine::{
        Exchange, HandlerFailure, Opened, OpenedRef, Origin, Pending, Step, count, warn_limited,
    },
    handler::{Connection, Endpoint, RemoteAddr, ReplyError, SendError, Table},
    net::call::is_stranger_error,
    wire::{AuthFields, Body, FrameRef, Message, MessageType, Output, copy},
};

/// How many senders' records are kept at hand.
const SENDERS: usize = 1_024;

/// How many times the socket is read before other tasks have their turn.
const READS: usize = 4;

/// The task of a node: reads datagrams, lets the engine handle them, keeps the time of its peers.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    senders: Senders,
    guard: Guard,
    repeats: Arc<Repeats>,
    /// What is answered to a datagram.
    exchange: Exchange,
}

/// The latest senders, each in the place that its address hashes to or the one beside it.
struct Senders {
    places: Box<[Option<Arc<Known>>; SENDERS]>,
    keys: [u64; 2],
}

/// A sender and what is counted of it.
struct Known {
    addr: SocketAddr,
    remote: RemoteAddr,
    origin: Origin,
}

/// Where an answer goes, and what it answers.
#[derive(Debug, Clone, Copy)]
struct Return {
    to: SocketAddr,
    /// The address that the request was sent to, unless that is a group's.
    from: Option<IpAddr>,
    multicast: bool,
    length: usize,
    repeat: Option<Repeat>,
}

impl Receiver {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let state = RandomState::new();
        Self {
            shared,
            senders: Senders {
                places: Box::new([const { None }; SENDERS]),
                keys: [0, 1].map(|number| state.hash_one(number)),
            },
            guard: Guard::new(),
            repeats: Arc::new(Repeats::new()),
            exchange: Exchange::default(),
        }
    }

    /// Runs until the node is stopped.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut batch = Batch::new();
        let flush = shared.socket.flush_forever();
        tokio::pin!(flush);
        loop {
            let mut reads = 0;
            while reads < READS && self.read(&shared, &mut batch) {
                reads += 1;
            }
            if reads == READS {
                // There may be more for as long as one likes.
                yield_now().await;
            }
            let peers = &shared.engine.peers;
            let tick = async {
                match peers.next_tick() {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = shared.stop.cancelled() => return,
                () = tick => shared.tick(),
                () = peers.rescheduled.notified() => {}
                () = &mut flush => {}
                ready = shared.socket.readable() => {
                    if let Err(error) = ready {
                        tracing::debug!(%error, "waiting to read failed");
                    }
                }
            }
        }
    }

    /// Handles what is there to read; returns false if there is nothing.
    fn read(&mut self, shared: &Arc<Shared>, batch: &mut Batch) -> bool {
        let _end = EndReplies(shared);
        let mut current = shared.engine.router.current();
        match shared.socket.receive(batch, |datagram| self.receive(datagram, current.table())) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(error) => {
                // Such as the report that an earlier datagram reached nobody.
                tracing::debug!(%error, "reading failed");
                true
            }
        }
    }

    fn receive(&mut self, datagram: Incoming<'_>, table: &Table) {
        let Incoming { from, to, bytes } = datagram;
        let multicast = to.is_some_and(|to| to.is_multicast());
        if multicast && self.shared.membership.is_own(from, self.shared.socket.local_addr().port())
        {
            return;
        }
        let frame = match FrameRef::from_datagram(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                return self.shared.engine.note_unreadable(&error.into(), &from.into());
            }
        };
        let repeat = is_to_run_once(&frame).then(|| self.repeats.key(from, bytes));
        let from_addr = to.filter(|_| !multicast);
        let back = Return { to: from, from: from_addr, multicast, length: bytes.len(), repeat };
        match repeat.map_or(Seen::Never, |repeat| self.repeats.look_up(&repeat)) {
            Seen::Never => {}
            Seen::Running => return,
            Seen::Answered(answer) => {
                count::repeats_answered(&self.shared.engine.counters);
                return reply(&self.shared, back, &answer);
            }
        }
        self.handle(frame, table, back);
    }

    fn handle(&mut self, frame: FrameRef<'_>, table: &Table, back: Return) {
        let Self { shared, senders, guard, repeats, exchange } = self;
        exchange.out.clear();
        let known = senders.at(back.to, shared);
        let engine = &shared.engine;
        let bare = bare_error(&frame);
        let mut admitted = false;
        let dispatch = |opened: &OpenedRef<'_>, exchange: &mut Exchange| {
            admitted = true;
            dispatch(shared, table, opened, known, exchange)
        };
        let step: Step = engine.admit(table, frame, &known.origin, exchange, dispatch);
        if !admitted {
            if let Some(error) = bare {
                shared.calls_from(back.to, |calls| calls.fail_unverified(error));
            }
            return answer_guarded(shared, guard, known, back, &mut exchange.out, false);
        }
        let verified = engine.outer.auth_plugin().is_some();
        match step {
            Step::Done | Step::Unclaimed | Step::Close(_) => {
                answer_guarded(shared, guard, known, back, &mut exchange.out, verified);
            }
            Step::Answered { checked } => {
                let out = &mut exchange.out;
                if !shared.may_answer(known, verified || checked, out) {
                    out.clear();
                }
                if let Some(repeat) = back.repeat {
                    repeats.answered(repeat, Bytes::copy_from_slice(out.whole()));
                }
                answer(shared, known, back, out.whole());
            }
            Step::Later(pending) => {
                let known = Arc::clone(known);
                run_later(shared, guard, repeats, pending, known, back, exchange, verified);
            }
        }
    }
}

/// Lets a handler answer a request; gives what is none to the call that waits for it, else to a
/// handler, else to the application.
fn dispatch(
    shared: &Shared,
    table: &Table,
    opened: &OpenedRef<'_>,
    known: &Known,
    exchange: &mut Exchange,
) -> Step {
    let engine = &shared.engine;
    if opened.message_type().is_request() {
        return engine.dispatch(table, opened, &known.origin, exchange);
    }
    // It may be kept, by the call or the application.
    let Some(opened) = answer_call(shared, opened.to_detached(), known) else { return Step::Done };
    let step = engine.dispatch(table, &opened.as_ref(), &known.origin, exchange);
    if matches!(step, Step::Unclaimed) && shared.inbox.push((opened.into_message(), known.addr)) {
        engine.note_missed(&known.remote);
    }
    step
}

/// Sends the replies to what was read, whatever has become of the rest.
struct EndReplies<'a>(&'a Shared);

impl Drop for EndReplies<'_> {
    fn drop(&mut self) {
        self.0.end_replies();
    }
}

/// Gives an answer to the call that waits for it; gives back what is none.
fn answer_call(shared: &Shared, opened: Opened, known: &Known) -> Option<Opened> {
    let engine = &shared.engine;
    let mut opened = Some(opened);
    shared.calls_from(known.addr, |calls| {
        opened = opened
            .take()
            .and_then(|opened| calls.answer(engine, engine.remote(Some(&known.remote)), opened));
        opened = opened.take().and_then(|opened| calls.keep_hint(opened));
    });
    opened
}

/// Sends what the library itself answers, if it can't be turned against another.
fn answer_guarded(
    shared: &Shared,
    guard: &mut Guard,
    known: &Known,
    back: Return,
    out: &mut Output,
    verified: bool,
) {
    let out = out.whole();
    let Some(&code) = out.first() else { return };
    // Nothing automatic answers a multicast but peer management.
    let about_peers = code == MessageType::PeerDiscovered.code();
    let allowed = match verified {
        _ if back.multicast && !about_peers => Err(Suppressed::Multicast),
        true => Ok(()),
        false => guard.check(back.to.ip(), back.length, out.len()),
    };
    match allowed {
        Ok(()) => {
            if out.len() > SAFE_DATAGRAM {
                count::datagrams_oversize(&shared.engine.counters);
            }
            answer(shared, known, back, out);
        }
        Err(why) => suppressed(shared, known, why),
    }
}

#[allow(clippy::too_many_arguments, reason = "the parts of a receiver, borrowed apart")]
fn run_later(
    shared: &Arc<Shared>,
    guard: &mut Guard,
    repeats: &Arc<Repeats>,
    mut pending: Pending,
    known: Arc<Known>,
    back: Return,
    exchange: &mut Exchange,
    verified: bool,
) {
    let verified = verified || pending.reply_to().layer.auth_plugin().is_some();
    let Ok(permit) = Arc::clone(&shared.engine.handlers).try_acquire_owned() else {
        shared.engine.note_busy(&known.remote);
        let busy = ReplyError::error("too many requests at once").into();
        shared.engine.finish(pending.reply_to(), Ok(busy), &known.origin, exchange);
        return answer_guarded(shared, guard, &known, back, &mut exchange.out, verified);
    };
    let (shared, repeats) = (Arc::clone(shared), Arc::clone(repeats));
    if let Some(repeat) = back.repeat {
        repeats.running(repeat);
    }
    let tracker = shared.handlers.clone();
    tracker.spawn(async move {
        let limit = pending.timeout;
        let result = timeout(limit, poll_fn(|context| pending.poll(context))).await;
        let result = result.unwrap_or(Err(HandlerFailure::TimedOut));
        let mut exchange = Exchange::default();
        shared.engine.finish(pending.reply_to(), result, &known.origin, &mut exchange);
        let mut out = exchange.out;
        if !shared.may_answer(&known, verified, &out) {
            out.clear();
        }
        let bytes = out.into_bytes();
        if let Some(repeat) = back.repeat {
            repeats.answered(repeat, bytes.clone());
        }
        if !bytes.is_empty() {
            shared.engine.peers.touch(&known.remote);
            let sent = shared.send(Outgoing { to: back.to, from: back.from, bytes });
            note_reply(&shared, back, sent);
        }
        drop(permit);
    });
}

impl Senders {
    /// Returns the record of a sender.
    #[allow(clippy::indexing_slicing, reason = "there are as many places as the hash has values")]
    fn at(&mut self, addr: SocketAddr, shared: &Arc<Shared>) -> &Arc<Known> {
        let first = self.place(addr);
        let is_at = |place: usize| self.places[place].as_ref().is_some_and(|it| it.addr == addr);
        let place = if is_at(first) {
            first
        } else if is_at(first ^ 1) {
            first ^ 1
        } else {
            // The one that was put there last is the likelier to come again.
            self.places[first ^ 1] = self.places[first].take();
            first
        };
        self.places[place].get_or_insert_with(|| Known::new(addr, shared))
    }

    /// Mixes an address with secret keys: who found two that share a place could only have each
    /// push out the other's record.
    #[allow(clippy::cast_possible_truncation, reason = "some bits of a hash are a hash")]
    fn place(&self, addr: SocketAddr) -> usize {
        let [key, multiplier] = self.keys;
        let mix = |value: u64| {
            let product = u128::from(value) * u128::from(multiplier | 1);
            (product as u64) ^ (product >> 64) as u64
        };
        let mixed = match addr.ip() {
            IpAddr::V4(ip) => u64::from(ip.to_bits()) << 16,
            IpAddr::V6(ip) => {
                let bits = ip.to_bits();
                mix((bits >> 64) as u64 ^ key).wrapping_add(bits as u64)
            }
        };
        mix(mixed ^ u64::from(addr.port()) ^ key) as usize % SENDERS
    }
}

impl Known {
    fn new(addr: SocketAddr, shared: &Arc<Shared>) -> Arc<Self> {
        let connection = Connection::new(Arc::new(Sender::new(addr, shared)));
        let endpoint = Endpoint::new(Arc::clone(shared) as _);
        Arc::new(Self { addr, remote: addr.into(), origin: Origin::new(connection, endpoint) })
    }
}

impl Shared {
    /// Takes a reply, to send it with others: see [`end_replies`](Self::end_replies).
    fn reply(&self, to: SocketAddr, from: Option<IpAddr>, bytes: &[u8]) -> Result<(), SendError> {
        let mut losses = Losses::default();
        let taken = self.socket.reply(to, from, bytes, &mut losses);
        self.note(losses);
        taken
    }

    /// Sends the replies to what was read.
    fn end_replies(&self) {
        self.note(self.socket.end_replies());
    }

    /// Returns whether a handler's answer may be sent: where only those are answered who have
    /// proved something, it may not always.
    fn may_answer(&self, known: &Known, verified: bool, out: &Output) -> bool {
        if verified || out.is_empty() || !self.engine.limits.verified_replies {
            return true;
        }
        suppressed(self, known, Suppressed::Unverified);
        false
    }
}

/// Notes that an answer is not sent.
fn suppressed(shared: &Shared, known: &Known, why: Suppressed) {
    let (engine, remote) = (&shared.engine, &known.remote);
    match why {
        Suppressed::Size => count::replies_suppressed_size(&engine.counters),
        Suppressed::Rate => count::replies_suppressed_rate(&engine.counters),
        Suppressed::Multicast => count::replies_suppressed_multicast(&engine.counters),
        Suppressed::Unverified => count::replies_suppressed_unverified(&engine.counters),
    }
    warn_limited!(engine, suppressed, %remote, ?why, "gave no answer");
}

/// Sends an answer when the read that it belongs to has been handled, and renews the peer who gets
/// one.
fn answer(shared: &Shared, known: &Known, back: Return, answer: &[u8]) {
    if !answer.is_empty() {
        shared.engine.peers.touch(&known.remote);
        reply(shared, back, answer);
    }
}

fn reply(shared: &Shared, back: Return, bytes: &[u8]) {
    if !bytes.is_empty() {
        note_reply(shared, back, shared.reply(back.to, back.from, bytes));
    }
}

fn note_reply(shared: &Shared, back: Return, sent: Result<(), SendError>) {
    if let Err(error) = sent {
        count::failed_replies(&shared.engine.counters);
        tracing::debug!(to = %back.to, %error, "could not answer");
    }
}

/// Returns whether a message that comes again must not run its handler again: it changes something,
/// and carries auth fields, so that two requests that are meant differ by their nonces.
fn is_to_run_once(frame: &FrameRef<'_>) -> bool {
    use MessageType as T;
    let repeatable = [T::RequestUri, T::SubscribeUri, T::UnsubscribeUri];
    let Some(kind) = T::from_code(frame.header.code) else { return false };
    (kind.is_request() || matches!(kind, T::Custom(_)))
        && !repeatable.contains(&kind)
        && usize::from(frame.header.auth_length) > EMPTY_FIELDS
}

/// The encoded length of an empty map of auth fields.
const EMPTY_FIELDS: usize = 3;

/// Reads an error that came without any layer.
fn bare_error(frame: &FrameRef<'_>) -> Option<Message> {
    let kind = MessageType::from_code(frame.header.code).filter(|kind| kind.is_failure())?;
    let fields = AuthFields::decode(frame.auth, &crate::wire::AuthLimits::default()).ok()?;
    if !is_stranger_error(kind, &fields) {
        return None;
    }
    let body = Body::decode(copy(frame.body)).ok()?;
    Some(Message::from_parts(kind, fields, body))
}
