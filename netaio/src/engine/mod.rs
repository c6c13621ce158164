//! The one way of a message: read, check, open, find the handler, check and open its own layer,
//! call, seal the reply.
//!
//! Every transport calls [`Engine::admit`] with a frame and [`Engine::dispatch`] with the message
//! that came of it, and a buffer for what is to be answered; none of them repeats a step of it.
//! Where calls wait for answers they are given the message in between. The client, which never
//! answers by itself, shares [`Engine::read`], [`Engine::open`] and [`Engine::seal`].

mod counters;
mod dispatch;
mod failure;
mod limits;
mod peers;
mod pending;
mod seal;

use std::sync::Arc;

use bytes::Bytes;

pub use counters::Counters;
pub(crate) use counters::count;
pub(crate) use dispatch::{Handled, Origin, Step};
pub use failure::{AuthFailureAction, AuthFailurePolicy, RefusedMessage};
pub use limits::Limits;
pub(crate) use peers::Hooks;
pub(crate) use pending::{HandlerFailure, Pending, ReplyTo};

use crate::{
    handler::{Router, Table},
    peer::{Peer, PeerBook, RemoteAddr},
    plugin::{Direction, Environment, Layer, OpenError, PluginContext},
    wire::{
        AuthFields, AuthFieldsError, Body, BodyError, Frame, Message, MessageType, TypeSet,
        UnknownType,
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
}

/// A message whose parts are well-formed and whose checksum fits; nothing is proven of its sender.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) message_type: MessageType,
    pub(crate) fields: AuthFields,
    pub(crate) body: Body,
}

/// A message that passed every layer it was opened with; only [`Engine::open`] makes one.
///
/// Handlers are called with this and nothing else, so no failed check can lead to one.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    message: Message,
}

impl Opened {
    pub(crate) fn message_type(&self) -> MessageType {
        self.message.message_type()
    }

    pub(crate) fn body(&self) -> &Body {
        self.message.body()
    }

    pub(crate) fn into_message(self) -> Message {
        self.message
    }
}

/// Why the bytes of a frame are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
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
    pub(crate) router: Arc<Router>,
    pub(crate) outer: Layer,
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) limits: Limits,
    pub(crate) on_auth_failure: AuthFailurePolicy,
    pub(crate) peers: PeerBook,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { router, outer, environment, limits, on_auth_failure, peers } = parts;
        let own = Router::new(Table::new(TypeSet::BASE), None, router.app_name);
        let counters = Counters::default();
        Self { router, own, peers, outer, environment, limits, on_auth_failure, counters }
    }

    /// Reads a frame, in the original's order: type, auth fields, body, checksum.
    pub(crate) fn read(&self, types: &TypeSet, frame: Frame) -> Result<Received, ReadError> {
        let message_type = frame.header.message_type(types)?;
        let fields = AuthFields::decode(&frame.auth, &self.limits.auth_fields)?;
        let intact = frame.checksum_matches();
        let body = Body::decode(frame.body)?;
        if intact {
            Ok(Received { message_type, fields, body })
        } else {
            Err(ReadError::Checksum(message_type))
        }
    }

    /// Checks and opens the outer layer.
    pub(crate) fn open_outer(
        &self,
        received: Received,
        from: &RemoteAddr,
    ) -> Result<Opened, OpenError> {
        let Received { message_type, fields, body } = received;
        self.open(&self.outer, message_type, fields, body, from)
    }

    /// Checks and opens an inner layer of a message whose outer one is open.
    pub(crate) fn open_inner(
        &self,
        layer: &Layer,
        opened: Opened,
        from: &RemoteAddr,
    ) -> Result<Opened, OpenError> {
        if layer.is_empty() {
            return Ok(opened);
        }
        let (message_type, fields, body) = opened.message.into_parts();
        self.open(layer, message_type, fields, body, from)
    }

    fn open(
        &self,
        layer: &Layer,
        message_type: MessageType,
        fields: AuthFields,
        body: Body,
        from: &RemoteAddr,
    ) -> Result<Opened, OpenError> {
        let body = if layer.is_empty() {
            body
        } else {
            let peer = self.peer_for(layer, Some(from));
            let context = self.context(message_type, Direction::Incoming, peer.as_deref());
            layer.open(&fields, body, &context)?
        };
        Ok(Opened { message: Message::from_parts(message_type, fields, body) })
    }

    fn context<'a>(
        &'a self,
        message_type: MessageType,
        direction: Direction,
        peer: Option<&'a Peer>,
    ) -> PluginContext<'a> {
        let peer = peer.map(Peer::view);
        PluginContext { environment: &*self.environment, message_type, direction, peer }
    }

    /// Returns the peer at an address, if a layer asks who that is.
    fn peer_for(&self, layer: &Layer, addr: Option<&RemoteAddr>) -> Option<Arc<Peer>> {
        addr.filter(|_| layer.is_peer_specific()).and_then(|addr| self.peers.at(addr))
    }

    /// Returns the uri that a bare error may show: as received when no outer cipher hides it.
    fn visible_uri(&self, received: &Received) -> Bytes {
        if self.outer.seals_uri() {
            Bytes::from_static(crate::wire::ERROR_URI)
        } else {
            received.body.uri_bytes()
        }
    }
}
