use std::{
    future::poll_fn,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use tokio::time::{sleep_until, timeout};

use super::{
    guard::{Guard, Repeat, Repeats, Seen, Suppressed},
    node::{SAFE_DATAGRAM, Sender, Shared},
    socket::{Batch, Incoming, Outgoing},
};
use crate::{
    engine::{HandlerFailure, Opened, Origin, Pending, Step, count, warn_limited},
    handler::{Connection, Endpoint, RemoteAddr, ReplyError, extract::detached},
    net::call::is_stranger_error,
    wire::{AuthFields, Body, Frame, Message, MessageType, Output},
};

/// How many senders' records are kept at hand.
const SENDERS: usize = 1_024;

/// The task of a node: reads datagrams, lets the engine handle them, keeps the time of its peers.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    /// The latest senders, each in the place that its address hashes to.
    senders: Vec<Option<Arc<Known>>>,
    hasher: RandomState,
    guard: Guard,
    repeats: Arc<Repeats>,
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
        Self {
            shared,
            senders: (0..SENDERS).map(|_| None).collect(),
            hasher: RandomState::new(),
            guard: Guard::new(),
            repeats: Arc::new(Repeats::new()),
        }
    }

    /// Runs until the node is stopped.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut batch = Batch::new();
        let flush = shared.socket.flush_forever();
        tokio::pin!(flush);
        loop {
            let peers = &shared.engine.peers;
            let tick = async {
                match peers.next_tick() {
                    Some(next) => sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = tick => shared.tick(),
                () = peers.rescheduled.notified() => {}
                () = &mut flush => {}
                read = shared.socket.receive(&mut batch, |datagram| self.receive(datagram)) => {
                    if let Err(error) = read {
                        // Such as the report that an earlier datagram reached nobody.
                        tracing::debug!(%error, "reading failed");
                    }
                }
            }
        }
    }

    fn receive(&mut self, datagram: Incoming) {
        let Incoming { from, to, bytes } = datagram;
        let multicast = to.is_some_and(|to| to.is_multicast());
        if multicast && self.shared.membership.is_own(from, self.shared.socket.local_addr().port())
        {
            return;
        }
        let length = bytes.len();
        let frame = match Frame::from_datagram(bytes.clone()) {
            Ok(frame) => frame,
            Err(error) => {
                return self.shared.engine.note_unreadable(&error.into(), &from.into());
            }
        };
        let repeat = is_to_run_once(&frame).then(|| self.repeats.key(from, &bytes));
        let back = Return { to: from, from: to.filter(|_| !multicast), multicast, length, repeat };
        match repeat.map_or(Seen::Never, |repeat| self.repeats.look_up(&repeat)) {
            Seen::Never => {}
            Seen::Running => return,
            Seen::Answered(answer) => {
                count::repeats_answered(&self.shared.engine.counters);
                return send(&self.shared, back, answer);
            }
        }
        self.handle(frame, back);
    }

    fn handle(&mut self, mut frame: Frame, back: Return) {
        let known = self.sender(back.to);
        let engine = &self.shared.engine;
        let mut out = Output::default();
        let bare = bare_error(&frame);
        if !is_request(&frame) {
            // The application may keep what it receives; it should not keep a whole read block.
            frame.body = detached(frame.body);
        }
        let table = engine.router.table();
        let Ok(opened) = engine.admit(&table, frame, &known.origin, &mut out) else {
            if let Some(error) = bare {
                self.shared.calls_from(back.to, |calls| calls.fail_unverified(error));
            }
            return self.answer_guarded(&known, back, out, false);
        };
        let verified = engine.outer.auth_plugin().is_some();
        let Some(opened) = self.answer_call(opened, &known) else { return };
        let engine = &self.shared.engine;
        match engine.dispatch(&table, &opened, &known.origin, &mut out) {
            Step::Done | Step::Close(_) => self.answer_guarded(&known, back, out, verified),
            Step::Answered { checked } => {
                let answer = self.shared.answer(&known, verified || checked, out);
                if let Some(repeat) = back.repeat {
                    self.repeats.answered(repeat, answer.clone());
                }
                answered(&self.shared, &known, back, answer);
            }
            Step::Later(pending) => self.run_later(pending, known, back, verified),
            Step::Unclaimed => {
                if self.shared.inbox.push((opened.into_message(), back.to)) {
                    self.shared.engine.note_missed(&known.remote);
                }
            }
        }
    }

    /// Gives an answer to the call that waits for it; gives back what is none.
    fn answer_call(&self, opened: Opened, known: &Known) -> Option<Opened> {
        if opened.message_type().is_request() {
            return Some(opened);
        }
        let engine = &self.shared.engine;
        let mut opened = Some(opened);
        self.shared.calls_from(known.addr, |calls| {
            opened = opened.take().and_then(|opened| {
                calls.answer(engine, engine.remote(Some(&known.remote)), opened)
            });
            opened = opened.take().and_then(|opened| calls.keep_hint(opened));
        });
        opened
    }

    /// Sends what the library itself answers, if it can't be turned against another.
    fn answer_guarded(&mut self, known: &Known, back: Return, out: Output, verified: bool) {
        let answer = out.into_bytes();
        let Some(&code) = answer.first() else { return };
        // Nothing automatic answers a multicast but peer management.
        let about_peers = code == MessageType::PeerDiscovered.code();
        let allowed = match verified {
            _ if back.multicast && !about_peers => Err(Suppressed::Multicast),
            true => Ok(()),
            false => self.guard.check(back.to.ip(), back.length, answer.len()),
        };
        match allowed {
            Ok(()) => {
                if answer.len() > SAFE_DATAGRAM {
                    count::datagrams_oversize(&self.shared.engine.counters);
                }
                answered(&self.shared, known, back, answer);
            }
            Err(why) => suppressed(&self.shared, known, why),
        }
    }

    fn run_later(&mut self, mut pending: Pending, known: Arc<Known>, back: Return, verified: bool) {
        let shared = Arc::clone(&self.shared);
        let verified = verified || pending.reply_to().layer.auth_plugin().is_some();
        let Ok(permit) = Arc::clone(&shared.engine.handlers).try_acquire_owned() else {
            let mut out = Output::default();
            shared.engine.note_busy(&known.remote);
            let busy = ReplyError::error("too many requests at once").into();
            shared.engine.finish(pending.reply_to(), Ok(busy), &known.origin, &mut out);
            return self.answer_guarded(&known, back, out, verified);
        };
        let repeats = Arc::clone(&self.repeats);
        if let Some(repeat) = back.repeat {
            repeats.running(repeat);
        }
        let tracker = shared.handlers.clone();
        tracker.spawn(async move {
            let limit = pending.timeout;
            let result = timeout(limit, poll_fn(|context| pending.poll(context))).await;
            let result = result.unwrap_or(Err(HandlerFailure::TimedOut));
            let mut out = Output::default();
            shared.engine.finish(pending.reply_to(), result, &known.origin, &mut out);
            let answer = shared.answer(&known, verified, out);
            if let Some(repeat) = back.repeat {
                repeats.answered(repeat, answer.clone());
            }
            answered(&shared, &known, back, answer);
            drop(permit);
        });
    }

    #[allow(clippy::cast_possible_truncation, reason = "some bits of a hash are a hash")]
    fn sender(&mut self, addr: SocketAddr) -> Arc<Known> {
        let place = self.hasher.hash_one(addr) as usize % SENDERS;
        let shared = &self.shared;
        let Some(place) = self.senders.get_mut(place) else { return Known::new(addr, shared) };
        match place {
            Some(known) if known.addr == addr => Arc::clone(known),
            _ => Arc::clone(place.insert(Known::new(addr, shared))),
        }
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
    /// Returns a handler's answer, or none where only those are answered who have proved something.
    fn answer(&self, known: &Known, verified: bool, out: Output) -> Bytes {
        if verified || out.is_empty() || !self.engine.limits.verified_replies {
            return out.into_bytes();
        }
        suppressed(self, known, Suppressed::Unverified);
        Bytes::new()
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

/// Sends an answer, and renews the peer who gets one.
fn answered(shared: &Shared, known: &Known, back: Return, answer: Bytes) {
    if !answer.is_empty() {
        shared.engine.peers.touch(&known.remote);
        send(shared, back, answer);
    }
}

fn send(shared: &Shared, back: Return, bytes: Bytes) {
    if bytes.is_empty() {
        return;
    }
    if let Err(error) = shared.send(Outgoing { to: back.to, from: back.from, bytes }) {
        count::failed_replies(&shared.engine.counters);
        tracing::debug!(to = %back.to, %error, "could not answer");
    }
}

fn is_request(frame: &Frame) -> bool {
    MessageType::from_code(frame.header.code).is_some_and(MessageType::is_request)
}

/// Returns whether a message that comes again must not run its handler again: it changes something,
/// and carries auth fields, so that two requests that are meant differ by their nonces.
fn is_to_run_once(frame: &Frame) -> bool {
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
fn bare_error(frame: &Frame) -> Option<Message> {
    let kind = MessageType::from_code(frame.header.code).filter(|kind| kind.is_failure())?;
    let fields = AuthFields::decode(&frame.auth, &crate::wire::AuthLimits::default()).ok()?;
    let body = Body::decode(frame.body.clone()).ok()?;
    is_stranger_error(kind, &fields).then(|| Message::from_parts(kind, fields, body))
}
