use bytes::BytesMut;

use super::{
    Engine, Exchange, Origin, Remote,
    replay::{Place, Watcher},
};
use crate::{
    handler::SendError,
    plugin::{CipherError, Direction, Layer, PluginContext, SealError},
    wire::{
        AuthFields, Body, Message, MessageType, Output, Piece, encode_frame, encode_parts,
        output_frame, output_parts,
    },
};

impl Engine {
    /// Seals a reply: the inner layer, then the outer one.
    ///
    /// On an error the output is as it was.
    #[inline(always)]
    pub(super) fn seal_reply(
        &self,
        inner: &Layer,
        message_type: MessageType,
        uri: &[u8],
        content: Piece<'_>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Result<(), SendError> {
        if inner.is_empty() && self.outer.is_empty() {
            return Ok(output_parts(message_type.code(), uri, content, &mut exchange.out)?);
        }
        self.seal_layers(inner, message_type, uri, content.bytes(), origin, exchange)
    }

    #[inline(never)]
    fn seal_layers(
        &self,
        inner: &Layer,
        message_type: MessageType,
        uri: &[u8],
        content: &[u8],
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Result<(), SendError> {
        let body = Body::new_in(&mut exchange.bodies, uri, content)?;
        let (fields, body) =
            self.seal_body(inner, message_type, AuthFields::new(), body, origin.remote(self))?;
        Ok(output_frame(message_type.code(), &fields, body.encoded(), &mut exchange.out)?)
    }

    /// Seals a call as [`seal_reply`](Self::seal_reply) does a reply.
    #[inline]
    pub(crate) fn seal(
        &self,
        inner: &Layer,
        message_type: MessageType,
        uri: &[u8],
        content: &[u8],
        to: Remote<'_>,
        out: &mut BytesMut,
    ) -> Result<(), SendError> {
        if inner.is_empty() && self.outer.is_empty() {
            return Ok(encode_parts(message_type.code(), &AuthFields::new(), uri, content, out)?);
        }
        let body = Body::new(uri, content)?;
        self.seal_message(
            inner,
            Message::from_parts(message_type, AuthFields::new(), body),
            to,
            out,
        )
    }

    /// Seals a message that the application made, keeping the auth fields it set.
    pub(crate) fn seal_message(
        &self,
        inner: &Layer,
        message: Message,
        to: Remote<'_>,
        out: &mut BytesMut,
    ) -> Result<(), SendError> {
        let (message_type, fields, body) = message.into_parts();
        let (fields, body) = self.seal_body(inner, message_type, fields, body, to)?;
        Ok(encode_frame(message_type.code(), &fields, body.encoded(), out)?)
    }

    fn seal_body(
        &self,
        inner: &Layer,
        message_type: MessageType,
        mut fields: AuthFields,
        body: Body,
        to: Remote<'_>,
    ) -> Result<(AuthFields, Body), SendError> {
        let peer = self.peer_for(inner, to.addr).or_else(|| self.peer_for(&self.outer, to.addr));
        let context = self.context(message_type, Direction::Outgoing, peer.as_deref());
        let context = PluginContext { stop: to.stop, ..context };
        let body = self.encrypt_body(inner, &mut fields, body, &context, to)?;
        if let Some(auth) = self.outer.auth_plugin() {
            auth.make(&mut fields, &body, &context).map_err(SealError::from)?;
            let watcher = Watcher::new(self, to, message_type, Place::Outer);
            self.outer.note_signed(&fields, &body, &watcher);
        }
        Ok((fields, body))
    }

    /// Seals a body but for the outer layer's signature.
    pub(super) fn encrypt_body(
        &self,
        inner: &Layer,
        fields: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
        to: Remote<'_>,
    ) -> Result<Body, SendError> {
        if inner.seals_uri() {
            return Err(SealError::from(CipherError::SealsUri).into());
        }
        if let Some(field) = inner.shared_field(&self.outer) {
            return Err(SealError::SharedField(field.to_owned()).into());
        }
        let watcher = Watcher::new(self, to, context.message_type(), Place::Inner);
        let body = inner.seal_watched(fields, body, context, &watcher)?;
        Ok(self.outer.encrypt_watched(fields, body, context, &watcher.at(Place::Outer))?)
    }

    /// Writes a message without any layer: what may go to a stranger.
    pub(crate) fn write_bare(
        message_type: MessageType,
        uri: &[u8],
        content: &[u8],
        out: &mut Output,
    ) {
        let out = out.buffer();
        let written = encode_parts(message_type.code(), &AuthFields::new(), uri, content, out);
        if written.is_err() {
            // Only a uri as long as a whole body gets here; its sender is told without it.
            let error_uri = crate::wire::ERROR_URI;
            let _ = encode_parts(message_type.code(), &AuthFields::new(), error_uri, content, out);
        }
    }
}
