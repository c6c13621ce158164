//! The one way of a message: read, check, open, find the handler, check and open its own layer,
//! call, seal the reply.
//!
//! Every transport calls [`Engine::admit`] with a frame and [`Engine::dispatch`] with the message
//! that came of it, and a buffer for what is to be answered; none of them repeats a step of it.
//! Where calls wait for answers they are given the message in between. The client, which never
//! answers by itself, shares [`Engine::read`], [`Engine::open`] and [`Engine::seal`].

mod counters;
mod dispatch;
mod exchange;
mod failure;
mod limits;
pub(crate) mod metrics;
mod peers;
mod pending;
mod refusal;
mod replay;
mod seal;
mod throttle;

use std::{
    sync::{Arc, atomic::AtomicBool},
    thread::available_parallelism,
};

use bytes::Bytes;
use tokio::sync::Semaphore;

pub use counters::Counters;
pub(crate) use counters::count;
pub(crate) use dispatch::{Handled, Origin, Step};
pub(crate) use exchange::Exchange;
pub use failure::{AuthFailureAction, AuthFailurePolicy, RefusedMessage};
pub use limits::{BroadcastScope, Keepalive, Limits};
pub(crate) use peers::Hooks;
pub(crate) use pending::{HandlerFailure, Pending, ReplyTo};
use replay::Watcher;
pub(crate) use replay::{Place, ReplayCache};
pub use replay::{ReplayMode, ReplayPolicy};
use throttle::Throttles;
pub(crate) use throttle::warn_limited;

use crate::{
    handler::{Router, Table},
    peer::{Peer, PeerBook, RemoteAddr},
    plugin::{Direction, Environment, Layer, OpenError, PluginContext, Proof, Role},
    wire::{
        AuthFields, AuthFieldsError, Body, BodyError, BodyRef, FrameError, FrameRef, Message,
        MessageRef, MessageType, TypeSet, UnknownType,
    },
};

/// What all connections of an endpoint share to handle messages.
#[derive(Debug)]
pub(crate) struct Engine {
    /// The app's handlers.
    pub(crate) router: Arc<Router>,
    /// The endpoint's own handlers, which come first: peer management.
    own: Router,
    pub(crate) peers: PeerBook,
    pub(crate) outer: Layer,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) limits: Limits,
    pub(crate) on_auth_failure: AuthFailurePolicy,
    pub(crate) counters: Counters,
    /// The messages of a server or node; a client remembers those of each connection.
    seen: ReplayCache,
    pub(crate) role: Role,
    pub(crate) throttles: Throttles,
    /// Bounds how many messages are sealed at once whose layers take their time.
    pub(crate) workers: Arc<Semaphore>,
    /// Bounds how many handlers run at once.
    pub(crate) handlers: Arc<Semaphore>,
}

/// The other side of a message: where it is, and what is remembered of the messages before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remote<'a> {
    pub(crate) addr: Option<&'a RemoteAddr>,
    pub(crate) seen: &'a ReplayCache,
    /// Lets the layers take their time, until it is true.
    pub(crate) stop: Option<&'a AtomicBool>,
}

/// A message whose parts are well-formed and whose checksum fits; nothing is proven of its sender.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    message_type: MessageType,
    auth: AuthFields,
    body: BodyRef<'a>,
}

impl Received<'_> {
    /// Gives it as a message that shares the memory it was read into, where that is possible.
    fn into_shared(self) -> Message {
        Message::from_parts(self.message_type, self.auth, Body::shared(self.body))
    }

    /// Gives it as a message with memory of its own.
    pub(crate) fn into_detached(self) -> Message {
        Message::from_parts(self.message_type, self.auth, Body::copied(self.body))
    }
}

/// A message that passed every layer it was opened with; only [`Engine::open_outer`] and
/// [`Engine::open_inner`] make one.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    message: Message,
    signers: Signers,
}

/// An [`Opened`] that is lent; where there is no layer, [`Engine::admit`] makes one of what was
/// received.
///
/// Handlers are called with this and nothing else, so no failed check can lead to one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenedRef<'a> {
    message: MessageRef<'a>,
    signers: &'a Signers,
}

/// Who signed a message, in the terms of each layer's auth plugin, where it can tell; shared
/// secrets never can, so that case is kept small.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signers(Option<Box<[Option<Bytes>; 2]>>);

impl Signers {
    pub(crate) fn of(&self, place: Place) -> Option<&Bytes> {
        let [outer, inner] = self.0.as_deref()?;
        match place {
            Place::Outer => outer.as_ref(),
            Place::Inner => inner.as_ref(),
        }
    }

    fn set(&mut self, place: Place, signer: Option<Bytes>) {
        if signer.is_some() {
            let [outer, inner] = &mut **self.0.get_or_insert_default();
            *(if place == Place::Outer { outer } else { inner }) = signer;
        }
    }
}

impl Opened {
    pub(crate) fn message_type(&self) -> MessageType {
        self.message.message_type()
    }

    pub(crate) fn body(&self) -> &Body {
        self.message.body()
    }

    /// Lends it.
    pub(crate) fn as_ref(&self) -> OpenedRef<'_> {
        OpenedRef { message: self.message.as_ref(), signers: &self.signers }
    }

    pub(crate) fn into_message(self) -> Message {
        self.message
    }
}

impl OpenedRef<'_> {
    #[inline]
    pub(crate) fn message_type(&self) -> MessageType {
        self.message.message_type()
    }

    /// Returns it as one that shares the memory of the block it was read into.
    fn to_shared(self) -> Opened {
        Opened { message: self.message.to_shared(), signers: self.signers.clone() }
    }

    /// Returns it as one with memory of its own.
    pub(crate) fn to_detached(self) -> Opened {
        Opened { message: self.message.to_message(), signers: self.signers.clone() }
    }
}

/// Why the bytes of a frame are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("unknown message type")]
    UnknownType(#[from] UnknownType),
    #[error("the auth fields can't be read")]
    AuthFields(#[from] AuthFieldsError),
    #[error("the body can't be read")]
    Body(#[from] BodyError),
    #[error("the checksum does not fit the body")]
    Checksum(MessageType),
}

/// What an [`Engine`] is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) role: Role,
    pub(crate) router: Arc<Router>,
    pub(crate) outer: Layer,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) limits: Limits,
    pub(crate) on_auth_failure: AuthFailurePolicy,
    pub(crate) peers: PeerBook,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { role, router, outer, environment, limits, on_auth_failure, peers } = parts;
        let own = Router::new(Table::new(TypeSet::BASE), None, router.app_name);
        metrics::connections(0.0);
        Self {
            router,
            own,
            peers,
            outer,
            environment,
            on_auth_failure,
            counters: Counters::default(),
            seen: ReplayCache::new(limits.replay.capacity),
            role,
            throttles: Throttles::default(),
            handlers: Arc::new(Semaphore::new(limits.max_handlers.min(Semaphore::MAX_PERMITS))),
            workers: Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))),
            limits,
        }
    }

    /// Returns the other side of a server's or node's messages.
    pub(crate) fn remote<'a>(&'a self, addr: Option<&'a RemoteAddr>) -> Remote<'a> {
        Remote { addr, seen: &self.seen, stop: None }
    }

    /// Returns whether a layer takes so long for a message that it must not run where it is sent.
    pub(crate) fn takes_time(&self, inner: &Layer, message_type: MessageType) -> bool {
        let context = self.context(message_type, Direction::Outgoing, None);
        inner.takes_time(&context) || self.outer.takes_time(&context)
    }

    /// Reads a frame, in the original's order: type, auth fields, body, checksum.
    #[inline(always)]
    pub(crate) fn read<'a>(
        &self,
        types: &TypeSet,
        frame: FrameRef<'a>,
    ) -> Result<Received<'a>, ReadError> {
        let message_type = frame.header.message_type(types)?;
        let auth = AuthFields::decode(frame.auth, &self.limits.auth_fields)?;
        let body = BodyRef::decode(frame.body, frame.block)?;
        if !frame.checksum_matches() {
            return Err(ReadError::Checksum(message_type));
        }
        Ok(Received { message_type, auth, body })
    }

    /// Checks and opens the outer layer of a message that was received, if there is one; a message
    /// that has been checked comes with its proof.
    pub(crate) fn open_outer(
        &self,
        message: Message,
        checked: Option<Proof>,
        from: Remote<'_>,
    ) -> Result<Opened, OpenError> {
        if self.outer.is_empty() {
            return Ok(Opened { message, signers: Signers::default() });
        }
        let (message, signer) = self.open(&self.outer, Place::Outer, message, checked, from)?;
        let mut signers = Signers::default();
        signers.set(Place::Outer, signer);
        Ok(Opened { message, signers })
    }

    /// Checks and opens an inner layer of a message whose outer one is open.
    pub(crate) fn open_inner(
        &self,
        layer: &Layer,
        opened: Opened,
        from: Remote<'_>,
    ) -> Result<Opened, OpenError> {
        let Opened { message, mut signers } = opened;
        let (message, signer) = self.open(layer, Place::Inner, message, None, from)?;
        signers.set(Place::Inner, signer);
        Ok(Opened { message, signers })
    }

    #[inline(never)]
    fn open(
        &self,
        layer: &Layer,
        place: Place,
        message: Message,
        checked: Option<Proof>,
        from: Remote<'_>,
    ) -> Result<(Message, Option<Bytes>), OpenError> {
        let (message_type, fields, body) = message.into_parts();
        let peer = self.peer_for(layer, from.addr);
        let context = self.context(message_type, Direction::Incoming, peer.as_deref());
        let watcher = Watcher::new(self, from, message_type, place);
        let (body, proof) = layer.open_watched(&fields, body, &context, &watcher, checked)?;
        Ok((Message::from_parts(message_type, fields, body), proof.into_signer()))
    }

    fn context<'a>(
        &'a self,
        message_type: MessageType,
        direction: Direction,
        peer: Option<&'a Peer>,
    ) -> PluginContext<'a> {
        let peer = peer.map(Peer::view);
        PluginContext {
            environment: &*self.environment,
            message_type,
            direction,
            role: self.role,
            peer,
            stop: None,
        }
    }

    /// Returns the peer at an address, if a layer asks who that is.
    fn peer_for(&self, layer: &Layer, addr: Option<&RemoteAddr>) -> Option<Arc<Peer>> {
        addr.filter(|_| layer.is_peer_specific()).and_then(|addr| self.peers.at(addr))
    }
}
