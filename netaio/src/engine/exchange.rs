//! Messages that came together are checked together, and their replies signed together, where that
//! takes less than one after the other.
//!
//! It changes nothing but the time that it takes: what was checked ahead of its turn is judged when
//! that comes, by the same steps as any other message, and what failed is checked again then.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Engine, Opened, Origin, Place, Remote, dispatch::Refused, replay::Watcher};
use crate::{
    handler::{SendError, Table},
    plugin::{AuthError, Direction, Layer, Proof, SealError, Unchecked, Unsigned},
    wire::{AuthFields, Body, FrameRef, Message, MessageType, Output, output_frame},
};

/// How many messages are checked or signed together at most.
const MOST: usize = 16;

/// No more bytes than these are checked ahead: what is handled before must not come to a pause
/// between.
const MOST_BYTES: usize = 128 * 1024;

/// What goes back for what came: replies that are to be written, and what is known of the messages
/// that come next.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) out: Output,
    /// Room for the bodies of replies while they are sealed.
    pub(super) bodies: BytesMut,
    /// The next messages, checked ahead of their turn.
    ahead: VecDeque<Ahead>,
    /// Replies that come after those in `out`, once they are signed.
    unsigned: Vec<Unsealed>,
    /// The bytes of their bodies.
    held: usize,
}

#[derive(Debug)]
pub(super) struct Ahead {
    message: Message,
    /// None if it did not pass: it is checked again in its turn, and refused there.
    proof: Option<Proof>,
}

/// A reply that is not sealed yet.
#[derive(Debug)]
pub(super) struct Unsealed {
    pub(super) message_type: MessageType,
    /// The uri, if not the request's.
    pub(super) uri: Option<Bytes>,
    pub(super) content: Bytes,
    /// The inner layer of the handler.
    pub(super) layer: Layer,
    pub(super) handler: &'static str,
    /// The uri of the request.
    pub(super) request: Bytes,
}

impl Exchange {
    /// Returns how many bytes wait to be written.
    pub(crate) fn len(&self) -> usize {
        self.out.len() + self.held
    }

    /// Makes it fit for any other use; returns how much room it keeps, which is `least` or more.
    pub(crate) fn reclaim(&mut self, least: usize) -> usize {
        // Nothing of one connection may get to another, whatever has gone before.
        if self.gathers() {
            self.forget();
        }
        if self.bodies.capacity() > 0 && !self.bodies.try_reclaim(least) {
            self.bodies = BytesMut::new();
        }
        self.out.reclaim(least).max(self.bodies.capacity())
    }

    /// Apart, as mostly nothing is left.
    #[inline(never)]
    fn forget(&mut self) {
        self.ahead.clear();
        self.unsigned.clear();
        self.held = 0;
    }

    /// Returns whether the next message has been checked ahead.
    pub(crate) fn is_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Forgets what has been checked ahead, so that nothing holds it while its turn does not come.
    pub(crate) fn fall_back(&mut self) {
        self.ahead = VecDeque::new();
    }

    /// Returns whether a reply should wait for others, to be signed with them.
    #[inline]
    pub(super) fn gathers(&self) -> bool {
        !self.ahead.is_empty() || !self.unsigned.is_empty()
    }
}

impl Unsealed {
    /// Returns how many bytes its body will have.
    fn len(&self) -> usize {
        2 + self.uri().len() + self.content.len()
    }

    fn uri(&self) -> &Bytes {
        self.uri.as_ref().unwrap_or(&self.request)
    }
}

fn unsigned() -> AuthError {
    AuthError::Other("the plugin has not signed it".into())
}

impl Engine {
    /// Checks the messages whose turn comes next, up to one that is none.
    ///
    /// Apart, as with most layers there is nothing to check together.
    #[inline(never)]
    pub(crate) fn check_ahead<'a>(
        &self,
        table: &Table,
        frames: impl Iterator<Item = FrameRef<'a>>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) {
        let Some(auth) = self.outer.auth_plugin() else { return };
        let (remote, mut bytes) = (origin.remote(self), 0);
        for frame in frames.take(MOST) {
            bytes += frame.header.frame_length();
            let Ok(received) = self.read(table.types(), frame) else { break };
            exchange.ahead.push_back(Ahead { message: received.into_shared(), proof: None });
            if bytes >= MOST_BYTES {
                break;
            }
        }
        let mut timely: Vec<_> = exchange.ahead.iter_mut().collect();
        // A check costs more than to see that a message is too old.
        timely.retain(|Ahead { message, .. }| {
            let watcher = Watcher::new(self, remote, message.message_type(), Place::Outer);
            self.outer.is_timely(message.auth_fields(), message.body(), &watcher)
        });
        let unchecked: Vec<_> = timely
            .iter()
            .map(|Ahead { message, .. }| Unchecked {
                message_type: message.message_type(),
                fields: message.auth_fields(),
                body: message.body(),
            })
            .collect();
        let Some(first) = unchecked.first() else { return };
        let context = self.context(first.message_type, Direction::Incoming, None);
        let proofs = auth.check_all(&unchecked, &context);
        for (ahead, proof) in timely.into_iter().zip(proofs) {
            ahead.proof = proof.ok();
        }
    }

    /// Opens the outer layer of the next message that was checked ahead, if there is one, as
    /// [`admit`](Self::admit) does with a frame.
    #[inline(never)]
    pub(crate) fn admit_ahead(
        &self,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Option<Result<Opened, Refused>> {
        let Ahead { message, proof } = exchange.ahead.pop_front()?;
        let uri = message.body().uri_bytes();
        Some(self.admit_message(message, &uri, proof, origin, exchange))
    }

    /// Keeps a reply, to be signed with others.
    pub(super) fn gather(&self, reply: Unsealed, origin: &Origin, exchange: &mut Exchange) {
        exchange.held += reply.len();
        exchange.unsigned.push(reply);
        if exchange.unsigned.len() >= MOST {
            self.sign(origin, exchange);
        }
    }

    /// Signs the replies that have been kept, and puts them where they are written.
    #[inline]
    pub(crate) fn sign(&self, origin: &Origin, exchange: &mut Exchange) {
        if !exchange.unsigned.is_empty() {
            self.sign_all(origin, exchange);
        }
    }

    /// Apart, as without an auth plugin there is nothing to sign.
    #[inline(never)]
    fn sign_all(&self, origin: &Origin, exchange: &mut Exchange) {
        let Some(auth) = self.outer.auth_plugin() else { return };
        let remote = origin.remote(self);
        let mut replies = std::mem::take(&mut exchange.unsigned);
        exchange.held = 0;
        // At once, so that all of them are in one piece of memory, which is used again.
        exchange.bodies.reserve(replies.iter().map(Unsealed::len).sum());
        let encrypt = |reply| self.encrypt_reply(reply, remote, &mut exchange.bodies);
        let mut sealed: Vec<_> = replies.iter().map(encrypt).collect();
        let mut ready: Vec<_> = replies
            .iter()
            .zip(&mut sealed)
            .filter_map(|(reply, sealed)| {
                let (fields, body) = sealed.as_mut().ok()?;
                Some(Unsigned { message_type: reply.message_type, fields, body })
            })
            .collect();
        let context = self.context(MessageType::Ok, Direction::Outgoing, None);
        let mut signed = auth.make_all(&mut ready, &context).into_iter();
        for (reply, sealed) in replies.drain(..).zip(sealed) {
            let written = sealed.and_then(|(fields, body)| {
                // One for each that could be sealed; what a plugin forgets is not sent.
                signed.next().unwrap_or_else(|| Err(unsigned())).map_err(SealError::from)?;
                let watcher = Watcher::new(self, remote, reply.message_type, Place::Outer);
                self.outer.note_signed(&fields, &body, &watcher);
                let code = reply.message_type.code();
                Ok(output_frame(code, &fields, body.encoded(), &mut exchange.out)?)
            });
            if let Err(error) = written {
                self.note_unsealed(&error, reply.handler, &reply.request, origin, exchange);
            }
        }
        exchange.unsigned = replies;
    }

    /// Seals a reply but for the outer layer's signature.
    fn encrypt_reply(
        &self,
        reply: &Unsealed,
        to: Remote<'_>,
        bodies: &mut BytesMut,
    ) -> Result<(AuthFields, Body), SendError> {
        let body = Body::new_in(bodies, reply.uri(), &reply.content)?;
        let mut fields = AuthFields::new();
        let peer = self.peer_for(&reply.layer, to.addr);
        let context = self.context(reply.message_type, Direction::Outgoing, peer.as_deref());
        let body = self.encrypt_body(&reply.layer, &mut fields, body, &context, to)?;
        Ok((fields, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_again_holds_nothing_of_before() {
        let mut exchange = Exchange::default();
        exchange.unsigned.push(Unsealed {
            message_type: MessageType::Ok,
            uri: None,
            content: "secret".into(),
            layer: Layer::new(),
            handler: "handler",
            request: "uri".into(),
        });
        exchange.held = exchange.unsigned.iter().map(Unsealed::len).sum();
        assert!(exchange.gathers() && exchange.len() > 0);
        exchange.reclaim(0);
        assert_eq!((exchange.gathers(), exchange.len()), (false, 0));
    }
}
