use std::{
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use arc_swap::Guard;
use bytes::Bytes;

use super::{
    AuthFailureAction, Engine, Exchange, Opened, OpenedRef, Pending, ReadError, Received,
    RefusedMessage, Remote, ReplayCache, Signers,
    counters::count,
    exchange::Unsealed,
    metrics::{self, Timer},
    peers::is_management,
    pending::{HandlerFailure, ReplyTo, catch},
    throttle::warn_limited,
};
use crate::{
    handler::{
        Call, Connection, Endpoint, Outcome, Reply, ReplyError, ReplyRef, SendError, Slot, Table,
        Transport,
    },
    plugin::{AuthFailure, Layer, OpenError, Proof},
    wire::{ERROR_URI, FrameRef, Message, MessageRef, MessageType, Piece},
};

/// Where messages come from: one connection, or on UDP one sender.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) connection: Connection,
    pub(crate) endpoint: Endpoint,
    pub(crate) transport: Transport,
    /// The messages of a client's connection.
    seen: Option<Arc<ReplayCache>>,
    bad_frames: AtomicU32,
    auth_failures: AtomicU32,
}

impl Origin {
    pub(crate) fn new(connection: Connection, endpoint: Endpoint) -> Self {
        Self {
            transport: connection.transport(),
            connection,
            endpoint,
            seen: None,
            bad_frames: AtomicU32::new(0),
            auth_failures: AtomicU32::new(0),
        }
    }

    /// Remembers the messages of this connection apart from others of the endpoint.
    pub(crate) fn remembering(mut self, seen: Arc<ReplayCache>) -> Self {
        self.seen = Some(seen);
        self
    }

    pub(super) fn remote<'a>(&'a self, engine: &'a Engine) -> Remote<'a> {
        let seen = self.seen.as_deref().unwrap_or(&engine.seen);
        Remote { addr: Some(self.connection.remote_addr()), seen, stop: None }
    }

    /// On UDP anybody can send in another's name, so answers must not cause answers.
    fn is_datagram(&self) -> bool {
        self.transport == Transport::Udp
    }
}

/// What is left to do after a message.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing: what is to be answered is in the buffer, and no handler has made it.
    Done,
    /// Nothing: a handler has run, and its reply, if any, is in the buffer. Says whether its own
    /// auth plugin has checked the message.
    Answered { checked: bool },
    /// Nothing took the message and nothing answers it, as on UDP for all but requests.
    Unclaimed,
    /// The handler runs on; its reply comes next.
    Later(Pending),
    /// The connection is to be closed, after what is in the buffer has been sent.
    Close(&'static str),
}

/// What is left to do after a message that was refused; what is to be answered is in the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    Done,
    Close(&'static str),
}

impl From<Refused> for Step {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Done => Self::Done,
            Refused::Close(reason) => Self::Close(reason),
        }
    }
}

/// What became of a message that passed the outer layer.
#[derive(Debug)]
pub(crate) enum Handled {
    /// The handler has answered; the reply was given away.
    Ready,
    /// The handler runs on.
    Later(Pending),
    /// No handler matches.
    Nobody,
    /// The handler's own layer refused it.
    Failed(OpenError, Layer),
}

impl Engine {
    /// Reads a frame, opens its outer layer and gives the message to `then`; what can't be, is
    /// refused.
    ///
    /// `table` is the app's, as it is for this message.
    #[inline(always)]
    pub(crate) fn admit<T: From<Refused>>(
        &self,
        table: &Table,
        frame: FrameRef<'_>,
        origin: &Origin,
        exchange: &mut Exchange,
        then: impl FnOnce(&OpenedRef<'_>, &mut Exchange) -> T,
    ) -> T {
        let received = match self.read(table.types(), frame) {
            Ok(received) => received,
            Err(error) => return self.unreadable(&error, origin, exchange).into(),
        };
        if self.outer.is_empty() {
            // Taken apart, for what is lent from one place is moved there first.
            let Received { message_type, auth, body } = received;
            metrics::received(message_type);
            let message = MessageRef::new(message_type, &auth, body);
            return then(&OpenedRef { message, signers: &Signers(None) }, exchange);
        }
        let uri = received.body.uri();
        match self.admit_message(received.into_shared(), uri, None, origin, exchange) {
            Ok(opened) => then(&opened.as_ref(), exchange),
            Err(refused) => refused.into(),
        }
    }

    /// Opens the outer layer of a message, which has `uri` on its outside; one that has been checked
    /// comes with its proof.
    pub(super) fn admit_message(
        &self,
        message: Message,
        uri: &[u8],
        checked: Option<Proof>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Result<Opened, Refused> {
        let message_type = message.message_type();
        match self.open_outer(message, checked, origin.remote(self)) {
            Ok(opened) => {
                metrics::received(message_type);
                Ok(opened)
            }
            Err(OpenError::Auth(failure)) => {
                // It may be shown only where no outer cipher hides it.
                let uri = if self.outer.seals_uri() { ERROR_URI } else { uri };
                Err(self.refuse(message_type, uri, &failure, None, origin, exchange))
            }
            Err(OpenError::Cipher(error)) => Err(self.undecryptable(message_type, &error, origin)),
        }
    }

    /// Lets the handler of a message answer; writes at most one reply into `out`.
    pub(crate) fn dispatch(
        &self,
        table: &Table,
        opened: &OpenedRef<'_>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Step {
        let message_type = opened.message_type();
        let mut checked = false;
        let mut answer = |reply: &ReplyRef<'_>, to: &ReplyTo<'_>| {
            checked = to.layer.auth_plugin().is_some();
            self.reply(reply, to, origin, exchange);
        };
        match self.handle(table, opened, origin, &mut answer) {
            Handled::Ready if is_management(message_type) => Step::Done,
            Handled::Ready => Step::Answered { checked },
            Handled::Later(pending) => Step::Later(pending),
            Handled::Nobody => self.unhandled(opened, origin, exchange),
            Handled::Failed(OpenError::Auth(failure), layer) => {
                let uri = opened.message.uri();
                self.refuse(message_type, uri, &failure, Some(&layer), origin, exchange).into()
            }
            Handled::Failed(OpenError::Cipher(error), ..) => {
                self.undecryptable(message_type, &error, origin).into()
            }
        }
    }

    /// Returns the endpoint's own handlers, if one of them is meant.
    #[inline(never)]
    fn own_table(&self, message: &MessageRef<'_>, origin: &Origin) -> Option<Guard<Arc<Table>>> {
        let own = self.own.table();
        let slot = own.find(message.message_type(), message.uri(), &origin.connection);
        slot.is_some().then_some(own)
    }

    /// Finds the handler of a message that passed the outer layer, opens the handler's own layer,
    /// and only then calls it. A reply that is there at once is given to `answer`.
    #[inline(always)]
    pub(crate) fn handle(
        &self,
        table: &Table,
        opened: &OpenedRef<'_>,
        origin: &Origin,
        answer: &mut impl FnMut(&ReplyRef<'_>, &ReplyTo<'_>),
    ) -> Handled {
        if is_management(opened.message_type())
            && let Some(own) = self.own_table(&opened.message, origin)
        {
            return self.handle_with(&own, opened, origin, answer);
        }
        self.handle_with(table, opened, origin, answer)
    }

    #[inline(always)]
    fn handle_with(
        &self,
        table: &Table,
        opened: &OpenedRef<'_>,
        origin: &Origin,
        answer: &mut impl FnMut(&ReplyRef<'_>, &ReplyTo<'_>),
    ) -> Handled {
        let message = &opened.message;
        loop {
            let slot = table.find(message.message_type(), message.uri(), &origin.connection);
            let Some(slot) = slot else {
                return Handled::Nobody;
            };
            if slot.is_unguarded() {
                return self.call(slot, opened, origin, answer);
            }
            match self.pass(slot, opened, origin) {
                Ok(Some(passed)) => return self.call(slot, &passed.as_ref(), origin, answer),
                // Another connection was first to use it: then the message, as it was, goes to the
                // next in line.
                Ok(None) => {}
                Err(error) => return Handled::Failed(error, slot.layer.clone()),
            }
        }
    }

    /// Opens a handler's own layer and takes the right to call it; none if that is used up.
    ///
    /// Apart, as few handlers have either: it would be in the way of all other messages.
    #[inline(never)]
    fn pass(
        &self,
        slot: &Arc<Slot>,
        opened: &OpenedRef<'_>,
        origin: &Origin,
    ) -> Result<Option<Opened>, OpenError> {
        let mut opened = opened.to_shared();
        if !slot.layer.is_empty() {
            let passed = self.open_inner(&slot.layer, opened, origin.remote(self));
            if passed.is_err() && slot.route.once {
                count::once_preserved(&self.counters);
            }
            opened = passed?;
        }
        if slot.route.once {
            if !slot.claim() {
                return Ok(None);
            }
            self.router.discard(slot);
        }
        Ok(Some(opened))
    }

    /// Calls a handler. Apart, for what surrounds it would take the registers.
    #[inline(never)]
    fn call(
        &self,
        slot: &Slot,
        opened: &OpenedRef<'_>,
        origin: &Origin,
        answer: &mut impl FnMut(&ReplyRef<'_>, &ReplyTo<'_>),
    ) -> Handled {
        let OpenedRef { message, signers } = opened;
        let call = Call {
            message,
            connection: &origin.connection,
            endpoint: &origin.endpoint,
            transport: origin.transport,
            peers: &self.peers,
            outer: &self.outer,
            slot,
            signers,
        };
        let span = tracing::debug_span!(
            "handler",
            name = slot.route.name,
            r#type = %message.message_type(),
        );
        let (layer, handler) = (&slot.layer, slot.route.name);
        let (uri, block) = (message.uri(), message.block());
        let to = ReplyTo { uri, block, layer, handler, timer: Timer::start() };
        let (mut has_returned, mut later) = (false, None);
        // A reply is sealed where it is: to move it out first would cost as much as to make it.
        let run = || {
            let outcome = slot.handler.call(&call);
            has_returned = true;
            match outcome {
                Outcome::Ready(ref reply) => answer(reply, &to),
                Outcome::Later(future) => later = Some(future),
            }
        };
        match (catch(|| span.in_scope(run)), later) {
            (Ok(()), None) => {}
            (Ok(()), Some(future)) => {
                return Handled::Later(Pending {
                    future,
                    uri: message.uri_bytes(),
                    layer: to.layer.clone(),
                    handler: to.handler,
                    timer: to.timer,
                    timeout: slot.timeout.unwrap_or(self.limits.handler_timeout),
                    span,
                });
            }
            // It was not the handler's.
            (Err(panic), _) if has_returned => resume_unwind(panic),
            (Err(panic), _) => answer(&self.failed(&panic.into(), to.handler).into(), &to),
        }
        Handled::Ready
    }

    /// Writes the reply of a handler that ran on.
    pub(crate) fn finish(
        &self,
        to: ReplyTo<'_>,
        result: Result<Reply, HandlerFailure>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) {
        let reply = result.unwrap_or_else(|failure| self.failed(&failure, to.handler));
        self.reply(&reply.into(), &to, origin, exchange);
    }

    #[cold]
    fn failed(&self, failure: &HandlerFailure, handler: &'static str) -> Reply {
        self.note_handler(failure, handler);
        match failure {
            HandlerFailure::Panicked(_) => ReplyError::internal().into(),
            HandlerFailure::TimedOut => ReplyError::error("timed out").into(),
        }
    }

    /// Seals a reply. One that can't be sealed becomes an ERROR: a failure must not look like a
    /// timeout.
    fn reply(
        &self,
        reply: &ReplyRef<'_>,
        to: &ReplyTo<'_>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) {
        to.timer.stop(to.handler);
        // What the handler sent to this connection itself comes before its reply.
        if origin.connection.settle_queued() {
            self.sign(origin, exchange);
            origin.connection.take_queued(&mut exchange.out);
        }
        let Some(parts) = reply.parts(to.block) else { return };
        let (mut kind, uri, mut content) = (parts.message_type, parts.uri, parts.content);
        // A handler that returns `()` need not look whether its subscription was taken.
        if kind == MessageType::ConfirmSubscribe && origin.connection.take_refusal() {
            (kind, content) = (MessageType::NotPermitted, Piece::from(TOO_MANY));
        }
        if exchange.gathers() {
            let (request, uri) = (Bytes::copy_from_slice(to.uri), uri.cloned());
            let (content, layer, handler) = (content.to_bytes(), to.layer.clone(), to.handler);
            let reply = Unsealed { message_type: kind, uri, content, layer, handler, request };
            return self.gather(reply, origin, exchange);
        }
        let uri = uri.map_or(to.uri, |uri| uri);
        if let Err(error) = self.seal_reply(to.layer, kind, uri, content, origin, exchange) {
            self.note_unsealed(&error, to.handler, to.uri, origin, exchange);
        }
    }

    /// Sends an ERROR for a reply that can't be sealed.
    #[cold]
    pub(super) fn note_unsealed(
        &self,
        error: &SendError,
        handler: &'static str,
        request: &[u8],
        origin: &Origin,
        exchange: &mut Exchange,
    ) {
        count::failed_replies(&self.counters);
        warn_limited!(self, replies, handler, %error, "a reply could not be sent");
        let text: &[u8] = match error {
            SendError::TooLarge(_) => b"the reply is too large",
            _ => b"internal error",
        };
        let outer_only = Layer::new();
        if self
            .seal_reply(&outer_only, MessageType::Error, request, text.into(), origin, exchange)
            .is_err()
        {
            warn_limited!(self, replies, handler, "the error about it could not be sent either");
        }
    }

    #[cold]
    fn unreadable(&self, error: &ReadError, origin: &Origin, exchange: &mut Exchange) -> Refused {
        self.note_unreadable(error, origin.connection.remote_addr());
        let ReadError::Checksum(message_type) = *error else {
            return Refused::Close("a frame is not a message");
        };
        // Never signed: its sender may be anybody.
        if origin.is_datagram() && message_type.is_response() {
            self.note_loop(message_type, origin.connection.remote_addr());
        } else {
            self.sign(origin, exchange);
            let out = &mut exchange.out;
            Self::write_bare(MessageType::Error, ERROR_URI, b"invalid message", out);
        }
        strike(&origin.bad_frames, self.limits.max_bad_frames, "too many damaged frames")
    }

    /// Ends a message whose auth failed: this is the only way on from there.
    #[cold]
    fn refuse(
        &self,
        message_type: MessageType,
        uri: &[u8],
        failure: &AuthFailure,
        inner: Option<&Layer>,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Refused {
        let remote = origin.connection.remote_addr();
        let refused = RefusedMessage { message_type, remote, failure, inner: inner.is_some() };
        self.note_failed(message_type, failure, refused.inner, remote);
        let loops = origin.is_datagram() && message_type.is_response();
        if loops {
            self.note_loop(message_type, remote);
        }
        let silent = loops || self.router.table().types().is_error(message_type);
        // An answer would cost more than the check.
        let silent = silent || matches!(failure, AuthFailure::Ignored(_));
        match self.on_auth_failure.decide(&refused) {
            AuthFailureAction::Disconnect => return Refused::Close("auth failed"),
            AuthFailureAction::Reply(reply) if !silent => {
                let reply = reply.unwrap_or_else(|| auth_error(inner.unwrap_or(&self.outer)));
                if let Some(message) = reply.message() {
                    let uri = message.uri.as_deref().unwrap_or(uri);
                    self.sign(origin, exchange);
                    if refused.inner {
                        // The outer layer was verified, so its holder may learn of this.
                        let layer = Layer::new();
                        let (kind, content) = (message.message_type, Piece::from(&message.content));
                        if let Err(error) =
                            self.seal_reply(&layer, kind, uri, content, origin, exchange)
                        {
                            warn_limited!(self, replies, %error, "an AUTH_ERROR could not be sent");
                        }
                    } else {
                        Self::write_bare(
                            message.message_type,
                            uri,
                            &message.content,
                            &mut exchange.out,
                        );
                    }
                }
            }
            AuthFailureAction::Reply(_) | AuthFailureAction::Drop => {}
        }
        strike(&origin.auth_failures, self.limits.max_auth_failures, "too many auth failures")
    }

    #[cold]
    fn undecryptable(
        &self,
        message_type: MessageType,
        error: &crate::plugin::CipherError,
        origin: &Origin,
    ) -> Refused {
        self.note_sealed(message_type, error, origin.connection.remote_addr());
        Refused::Done
    }

    #[inline(never)]
    fn unhandled(&self, opened: &OpenedRef<'_>, origin: &Origin, exchange: &mut Exchange) -> Step {
        count::unhandled(&self.counters);
        if origin.is_datagram() && !opened.message_type().is_request() {
            return Step::Unclaimed;
        }
        if let Some(default) = &self.router.default {
            let mut answer =
                |reply: &ReplyRef<'_>, to: &ReplyTo<'_>| self.reply(reply, to, origin, exchange);
            return match self.call(default, opened, origin, &mut answer) {
                Handled::Later(pending) => Step::Later(pending),
                Handled::Ready | Handled::Nobody | Handled::Failed(..) => {
                    Step::Answered { checked: false }
                }
            };
        }
        let timer = Timer::start();
        let (uri, layer) = (opened.message.uri(), &Layer::new());
        let to = ReplyTo { uri, block: None, layer, handler: "default", timer };
        self.reply(&Reply::not_found().into(), &to, origin, exchange);
        Step::Done
    }
}

const TOO_MANY: &[u8] = b"too many subscriptions";

/// Makes the AUTH_ERROR of a layer's plugin.
fn auth_error(layer: &Layer) -> Reply {
    let text = layer.auth_plugin().map_or("auth failed", |auth| auth.error_text());
    ReplyError::auth(text.to_owned()).into()
}

/// Counts a fault of a connection; too many close it.
fn strike(faults: &AtomicU32, most: u32, reason: &'static str) -> Refused {
    if faults.fetch_add(1, Relaxed) + 1 >= most { Refused::Close(reason) } else { Refused::Done }
}
