use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use crate::wire::Message;

/// A bounded queue of messages for the application. When it is full the oldest message goes: a
/// reader that falls behind has the newest, and learns how many it missed.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    missed: u64,
    closed: bool,
    readers: Vec<Waker>,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity: capacity.max(1) }
    }

    pub(super) fn push(&self, message: Message) {
        let mut state = self.state();
        if state.messages.len() >= self.capacity {
            state.messages.pop_front();
            state.missed += 1;
        }
        state.messages.push_back(message);
        wake(state);
    }

    /// Ends the queue: what waits can still be read.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        wake(state);
    }

    /// Takes messages again after it was closed.
    pub(super) fn reopen(&self) {
        self.state().closed = false;
    }

    /// Waits for a message; gives `None` when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Message> {
        poll_fn(|context| self.poll_next(context)).await
    }

    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut state = self.state();
        if let Some(message) = state.messages.pop_front() {
            return Poll::Ready(Some(message));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        if !state.readers.iter().any(|reader| reader.will_wake(context.waker())) {
            state.readers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Returns how many messages were dropped since it was last asked.
    pub(super) fn take_missed(&self) -> u64 {
        std::mem::take(&mut self.state().missed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let readers = std::mem::take(&mut state.readers);
    drop(state);
    readers.into_iter().for_each(Waker::wake);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MessageType;

    #[tokio::test]
    async fn a_reader_that_falls_behind_has_the_newest_and_knows_what_it_missed() {
        let queue = Queue::new(2);
        for uri in ["a", "b", "c"] {
            queue.push(Message::new(MessageType::NotifyUri, uri, "").unwrap());
        }
        queue.close();
        assert_eq!(queue.next().await.unwrap().uri(), b"b");
        assert_eq!(queue.next().await.unwrap().uri(), b"c");
        assert_eq!(queue.next().await, None);
        assert_eq!((queue.take_missed(), queue.take_missed()), (1, 0));
    }
}
