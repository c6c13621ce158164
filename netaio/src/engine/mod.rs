//! The one way of a message: read, check, open, find the handler, check and open its own layer,
//! call, seal the reply.
//!
//! Every transport calls [`Engine::receive`] with a frame and a buffer for what is to be answered;
//! none of them repeats a step of it. The client, whose answers go to waiting calls instead of a
//! handler, shares [`Engine::read`], [`Engine::open`] and [`Engine::seal`].

mod counters;
mod dispatch;
mod failure;
mod limits;
mod pending;
mod seal;

use std::sync::Arc;

use bytes::Bytes;

pub use counters::Counters;
pub(crate) use counters::count;
pub(crate) use dispatch::{Handled, Origin, Step};
pub use failure::{AuthFailureAction, AuthFailurePolicy, RefusedMessage};
pub use limits::Limits;
pub(crate) use pending::{HandlerFailure, Pending, ReplyTo};

use crate::{
    handler::Router,
    plugin::{Direction, Environment, Layer, OpenError, PeerView, PluginContext},
    wire::{
        AuthFields, AuthFieldsError, Body, BodyError, Frame, Message, MessageType, TypeSet,
        UnknownType,
    },
};

/// What all connections of an endpoint share to handle messages.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) router: Arc<Router>,
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

impl Engine {
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
        peer: Option<PeerView<'_>>,
    ) -> Result<Opened, OpenError> {
        let Received { message_type, fields, body } = received;
        self.open(&self.outer, message_type, fields, body, peer)
    }

    /// Checks and opens an inner layer of a message whose outer one is open.
    pub(crate) fn open_inner(
        &self,
        layer: &Layer,
        opened: Opened,
        peer: Option<PeerView<'_>>,
    ) -> Result<Opened, OpenError> {
        if layer.is_empty() {
            return Ok(opened);
        }
        let (message_type, fields, body) = opened.message.into_parts();
        self.open(layer, message_type, fields, body, peer)
    }

    fn open(
        &self,
        layer: &Layer,
        message_type: MessageType,
        fields: AuthFields,
        body: Body,
        peer: Option<PeerView<'_>>,
    ) -> Result<Opened, OpenError> {
        let body = if layer.is_empty() {
            body
        } else {
            layer.open(&fields, body, &self.context(message_type, Direction::Incoming, peer))?
        };
        Ok(Opened { message: Message::from_parts(message_type, fields, body) })
    }

    fn context<'a>(
        &'a self,
        message_type: MessageType,
        direction: Direction,
        peer: Option<PeerView<'a>>,
    ) -> PluginContext<'a> {
        PluginContext { environment: &*self.environment, message_type, direction, peer }
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
