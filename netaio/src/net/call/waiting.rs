use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout_at},
};

use super::{RequestError, Response};
use crate::{
    engine::{Engine, Opened, Remote},
    plugin::{AuthFailure, Layer, OpenError},
    wire::{AuthFields, ERROR_URI, Message, MessageType},
};

/// How long a call that nobody waits for any more keeps its place, so that its late answer is not
/// taken for that of the next call to the same uri.
const GRACE: Duration = Duration::from_secs(10);

/// What a call gets; nothing when its time was over first.
pub(in crate::net) type Answer = Result<Response, RequestError>;

/// A call that awaits its answer.
#[derive(Debug)]
pub(in crate::net) struct Waiting {
    uri: Arc<[u8]>,
    accepts: Accepts,
    layer: Layer,
    /// Until it gives up.
    answer: Option<oneshot::Sender<Answer>>,
    deadline: Instant,
}

impl Waiting {
    /// Makes a call that gives up at `deadline`, and what its answer comes out of.
    pub(in crate::net) fn new(
        uri: Arc<[u8]>,
        accepts: Accepts,
        layer: Layer,
        deadline: Instant,
    ) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        (Self { uri, accepts, layer, answer: Some(answer), deadline }, answered)
    }

    fn end(self, answer: Answer) {
        if let Some(waiting) = self.answer {
            // Nobody may wait for it any more.
            let _ = waiting.send(answer);
        }
    }

    fn is_forgotten(&self) -> bool {
        // Rarely does anybody give up: the clock is not read for each answer.
        self.answer.as_ref().is_none_or(oneshot::Sender::is_closed)
            && Instant::now() > self.deadline + GRACE
    }
}

/// The types of message that answer a call.
#[derive(Debug, Clone, Copy)]
pub(in crate::net) struct Accepts {
    call: MessageType,
    also: Option<MessageType>,
}

impl Accepts {
    pub(in crate::net) fn new(call: MessageType, also: Option<MessageType>) -> Self {
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

/// What the order of answers tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Order {
    /// Answers come in the order of the calls, so an error that names none is for the oldest.
    Sent,
    /// Answers come in any order, from anybody: an error that names no call is but a hint.
    Any,
}

/// The calls to one place that wait, in the order they were sent.
#[derive(Debug)]
pub(in crate::net) struct Calls {
    order: Order,
    state: Mutex<State>,
    /// Tells [`keep_time`](Calls::keep_time) that a call gives up before all others.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// When calls are looked at next, to end those whose time is over.
    alarm: Option<Instant>,
    /// The last error that named no call.
    hint: Option<Response>,
    /// Why the connection ended, once it has.
    closed: Option<Arc<str>>,
    /// The number of calls at which those that are forgotten are looked for.
    prune_at: usize,
    /// Whether several calls have waited at once since none did.
    crowded: bool,
    /// Whether several did the last time, so that the next is probably not alone.
    was_crowded: bool,
}

impl Calls {
    pub(in crate::net) fn new(order: Order) -> Self {
        Self { order, state: Mutex::default(), earlier: Notify::new() }
    }

    /// Adds a call and sends it, in one step: calls wait in the order in which they are sent. A call
    /// that can't be sent is given back. `send` is told whether the call is probably alone.
    #[allow(clippy::result_large_err, reason = "a call is large")]
    pub(in crate::net) fn add<E>(
        &self,
        call: Waiting,
        send: impl FnOnce(bool) -> Result<(), E>,
    ) -> Result<(), (E, Waiting)> {
        let mut state = self.state();
        if let Some(reason) = &state.closed {
            let reason = Arc::clone(reason);
            drop(state);
            call.end(Err(RequestError::Closed { reason }));
            return Ok(());
        }
        let is_alone = state.waiting.is_empty();
        if let Err(error) = send(is_alone && !state.was_crowded) {
            return Err((error, call));
        }
        state.crowded |= !is_alone;
        state.prune();
        // Most calls give up after those before them: one look at the clock will do for all.
        let is_first = state.alarm.is_none_or(|alarm| call.deadline < alarm);
        if is_first {
            state.alarm = Some(call.deadline);
        }
        state.waiting.push_back(call);
        drop(state);
        if is_first {
            self.earlier.notify_one();
        }
        Ok(())
    }

    /// Ends calls when their time is over, for as long as it is polled: one timer for all of them.
    /// Those over UDP, which may be sent again meanwhile, have timers of their own.
    pub(in crate::net) async fn keep_time(&self) -> Infallible {
        loop {
            let (alarm, earlier) = (self.state().alarm, self.earlier.notified());
            match alarm {
                None => earlier.await,
                Some(alarm) => match timeout_at(alarm, earlier).await {
                    Ok(()) => {}
                    Err(_) => self.end_overdue(),
                },
            }
        }
    }

    /// Ends the calls whose time is over, and sets when to look again.
    fn end_overdue(&self) {
        let (mut state, now) = (self.state(), Instant::now());
        let mut next: Option<Instant> = None;
        for call in state.waiting.iter_mut().filter(|call| call.answer.is_some()) {
            if call.deadline <= now {
                // It keeps its place.
                call.answer = None;
            } else {
                next = Some(next.map_or(call.deadline, |next| next.min(call.deadline)));
            }
        }
        // To look at very many takes long: it is not done more than a tenth of the time.
        let rested = Instant::now() + now.elapsed() * 10;
        state.alarm = next.map(|next| next.max(rested));
    }

    /// Ends every waiting call, and all that will be added.
    pub(in crate::net) fn close(&self, reason: &Arc<str>) {
        let mut state = self.state();
        state.closed = Some(Arc::clone(reason));
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for call in waiting {
            call.end(Err(RequestError::Closed { reason: Arc::clone(reason) }));
        }
    }

    /// Gives a message that passed the outer layer to the call it answers; gives it back if it
    /// answers none.
    pub(in crate::net) fn answer(
        &self,
        engine: &Engine,
        from: Remote<'_>,
        message: Opened,
    ) -> Option<Opened> {
        let mut state = self.state();
        let Some(index) = self.find(&mut state, message.message_type(), message.body().uri())
        else {
            return Some(message);
        };
        let Some(call) = state.waiting.get(index) else { return Some(message) };
        let (message, verified) = if call.layer.is_empty() {
            (message.into_message(), true)
        } else {
            match engine.open_inner(&call.layer, message.clone(), from) {
                Ok(opened) => (opened.into_message(), true),
                // The server could not sign for a caller whose inner layer it refused.
                Err(OpenError::Auth(AuthFailure::Missing(_)))
                    if message.message_type().is_failure() =>
                {
                    (message.into_message(), false)
                }
                Err(error) => {
                    if let Some(remote) = from.addr {
                        engine.note_unopened(message.message_type(), &error, true, remote);
                    }
                    return None;
                }
            }
        };
        state.complete(index, message, verified);
        None
    }

    /// Gives an error that came without the outer layer to the call it seems to answer.
    pub(in crate::net) fn fail_unverified(&self, message: Message) {
        let mut state = self.state();
        match (self.order, self.find(&mut state, message.message_type(), message.uri())) {
            (Order::Sent, Some(index)) => state.complete(index, message, false),
            (Order::Sent, None) => {}
            (Order::Any, _) => state.hint = Some(Response::new(message, false)),
        }
    }

    /// Keeps an error that names no call, for a call that times out; gives any other back.
    pub(in crate::net) fn keep_hint(&self, message: Opened) -> Option<Opened> {
        if !is_nameless(message.message_type(), message.body().uri()) {
            return Some(message);
        }
        self.state().hint = Some(Response::new(message.into_message(), true));
        None
    }

    /// Takes the last error that named no call.
    pub(in crate::net) fn take_hint(&self) -> Option<Response> {
        self.state().hint.take()
    }

    /// Returns whether more than one call waits, so that what is sent next may not be alone.
    pub(in crate::net) fn are_many(&self) -> bool {
        self.state().waiting.len() > 1
    }

    /// Returns whether no call waits.
    pub(in crate::net) fn is_idle(&self) -> bool {
        self.state().waiting.iter().all(Waiting::is_forgotten)
    }

    /// Finds the oldest call that a message answers.
    fn find(&self, state: &mut State, answer: MessageType, uri: &[u8]) -> Option<usize> {
        let oldest = self.order == Order::Sent && is_nameless(answer, uri);
        state.find(answer, uri).or_else(|| (oldest && !state.waiting.is_empty()).then_some(0))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, answer: MessageType, uri: &[u8]) -> Option<usize> {
        while self.waiting.front().is_some_and(Waiting::is_forgotten) {
            self.waiting.pop_front();
        }
        self.waiting.iter().position(|call| {
            call.accepts.takes(answer) && *call.uri == *uri && !call.is_forgotten()
        })
    }

    fn complete(&mut self, index: usize, message: Message, verified: bool) {
        if let Some(call) = self.waiting.remove(index) {
            call.end(Ok(Response::new(message, verified)));
        }
        if self.waiting.is_empty() {
            self.was_crowded = std::mem::take(&mut self.crowded);
        }
    }

    /// Drops what is forgotten, each time the number of calls has doubled.
    fn prune(&mut self) {
        if self.waiting.len() >= self.prune_at.max(64) {
            self.waiting.retain(|call| !call.is_forgotten());
            self.prune_at = self.waiting.len() * 2;
        }
    }
}

/// Returns whether a message is an error without any layer: what a server says to a stranger.
pub(in crate::net) fn is_stranger_error(message_type: MessageType, fields: &AuthFields) -> bool {
    message_type.is_failure() && fields.is_empty()
}

/// Returns whether a message is an error that does not say of which uri.
fn is_nameless(answer: MessageType, uri: &[u8]) -> bool {
    answer.is_failure() && (uri.is_empty() || uri == ERROR_URI)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds a call that is never looked at; returns whether it is said to be alone.
    fn add(calls: &Calls) -> bool {
        let accepts = Accepts::new(MessageType::RequestUri, None);
        let deadline = Instant::now() + GRACE;
        let (call, _) = Waiting::new(b"uri"[..].into(), accepts, Layer::new(), deadline);
        let mut said = None;
        calls
            .add(call, |is_alone| {
                said = Some(is_alone);
                Ok::<_, ()>(())
            })
            .unwrap();
        said.unwrap()
    }

    fn answer(calls: &Calls) {
        calls.fail_unverified(Message::new(MessageType::Error, b"uri", b"").unwrap());
    }

    #[test]
    fn a_call_is_alone_where_the_one_before_was_and_no_other_waits() {
        let calls = Calls::new(Order::Sent);
        for _ in 0..2 {
            assert!(add(&calls));
            answer(&calls);
        }
        assert_eq!([add(&calls), add(&calls), add(&calls)], [true, false, false]);
        answer(&calls);
        assert!(!add(&calls));
        (0..3).for_each(|_| answer(&calls));
        assert!(!add(&calls), "others are about to follow, as they did before");
        answer(&calls);
        assert!(add(&calls), "they did not");
    }
}
