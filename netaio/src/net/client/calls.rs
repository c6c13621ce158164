use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::oneshot, time::Instant};

use super::{RequestError, Response};
use crate::{
    engine::{Engine, Opened},
    plugin::{AuthFailure, Layer, OpenError},
    wire::{AuthFields, ERROR_URI, Message, MessageType},
};

/// How long a call that nobody waits for any more keeps its place, so that its late answer is not
/// taken for that of the next call to the same uri.
const GRACE: Duration = Duration::from_secs(10);

/// A call that awaits its answer.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) uri: Bytes,
    pub(super) accepts: Accepts,
    pub(super) layer: Layer,
    pub(super) answer: oneshot::Sender<Result<Response, RequestError>>,
    /// When it gives up.
    pub(super) deadline: Instant,
}

impl Waiting {
    fn is_forgotten(&self, now: Instant) -> bool {
        self.answer.is_closed() && now > self.deadline + GRACE
    }
}

/// The types of message that answer a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepts {
    call: MessageType,
    also: Option<MessageType>,
}

impl Accepts {
    pub(super) fn new(call: MessageType, also: Option<MessageType>) -> Self {
        Self { call, also }
    }

    fn takes(self, answer: MessageType) -> bool {
        use MessageType as T;
        match answer {
            T::RespondUri => self.call == T::RequestUri || self.also == Some(answer),
            T::ConfirmSubscribe => self.call == T::SubscribeUri,
            T::ConfirmUnsubscribe => self.call == T::UnsubscribeUri,
            T::Ok => self.call != T::RequestUri || self.also == Some(answer),
            other => other.is_failure() || self.also == Some(other),
        }
    }
}

/// The calls of one connection that wait, in the order they were sent.
#[derive(Debug, Default)]
pub(super) struct Calls {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Why the connection ended, once it has.
    closed: Option<Arc<str>>,
    /// The number of calls at which those that are forgotten are looked for.
    prune_at: usize,
}

impl Calls {
    /// Adds a call and sends it, in one step: calls wait in the order in which they are sent.
    pub(super) fn add<E>(
        &self,
        call: Waiting,
        send: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.state();
        if let Some(reason) = &state.closed {
            let reason = Arc::clone(reason);
            drop(state);
            let _ = call.answer.send(Err(RequestError::Closed { reason }));
            return Ok(());
        }
        send()?;
        state.prune();
        state.waiting.push_back(call);
        Ok(())
    }

    /// Ends every waiting call, and all that will be added.
    pub(super) fn close(&self, reason: &Arc<str>) {
        let mut state = self.state();
        state.closed = Some(Arc::clone(reason));
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for call in waiting {
            let _ = call.answer.send(Err(RequestError::Closed { reason: Arc::clone(reason) }));
        }
    }

    /// Gives a message that passed the outer layer to the call it answers; gives it back if it
    /// answers none.
    pub(super) fn answer(&self, engine: &Engine, message: Opened) -> Option<Opened> {
        let mut state = self.state();
        let Some(index) = state.find(message.message_type(), message.body().uri()) else {
            return Some(message);
        };
        let Some(call) = state.waiting.get(index) else { return Some(message) };
        let (message, verified) = if call.layer.is_empty() {
            (message.into_message(), true)
        } else {
            match engine.open_inner(&call.layer, message.clone(), None) {
                Ok(opened) => (opened.into_message(), true),
                // The server could not sign for a caller whose inner layer it refused.
                Err(OpenError::Auth(AuthFailure::Missing(_)))
                    if message.message_type().is_failure() =>
                {
                    (message.into_message(), false)
                }
                Err(error) => {
                    tracing::debug!(%error, "dropped an answer whose inner layer failed");
                    return None;
                }
            }
        };
        state.complete(index, message, verified);
        None
    }

    /// Gives an error that came without the outer layer to the call it seems to answer.
    pub(super) fn fail_unverified(&self, message: Message) {
        let mut state = self.state();
        if let Some(index) = state.find(message.message_type(), message.uri()) {
            state.complete(index, message, false);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Finds the oldest call that a message answers. An error that names no uri answers the oldest
    /// of all, since answers come in order.
    fn find(&mut self, answer: MessageType, uri: &[u8]) -> Option<usize> {
        let now = Instant::now();
        while self.waiting.front().is_some_and(|call| call.is_forgotten(now)) {
            self.waiting.pop_front();
        }
        let found = self.waiting.iter().position(|call| {
            call.accepts.takes(answer) && call.uri == uri && !call.is_forgotten(now)
        });
        let nameless = answer.is_failure() && (uri.is_empty() || uri == ERROR_URI);
        found.or_else(|| (nameless && !self.waiting.is_empty()).then_some(0))
    }

    fn complete(&mut self, index: usize, message: Message, verified: bool) {
        if let Some(call) = self.waiting.remove(index) {
            // Nobody waits for the answer to a call that gave up.
            let _ = call.answer.send(Ok(Response::new(message, verified)));
        }
    }

    /// Drops what is forgotten, each time the number of calls has doubled.
    fn prune(&mut self) {
        if self.waiting.len() >= self.prune_at.max(64) {
            let now = Instant::now();
            self.waiting.retain(|call| !call.is_forgotten(now));
            self.prune_at = self.waiting.len() * 2;
        }
    }
}

/// Returns whether a message is an error without any layer: what a server says to a stranger.
pub(super) fn is_stranger_error(message_type: MessageType, fields: &AuthFields) -> bool {
    message_type.is_failure() && fields.is_empty()
}
