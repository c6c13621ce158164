use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// A bounded queue of messages or events for the application. When it is full the oldest goes: a
/// reader that falls behind has the newest, and learns how many it missed.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    missed: u64,
    closed: bool,
    readers: Vec<Waker>,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let (items, readers) = (VecDeque::new(), Vec::new());
        let state = State { items, missed: 0, closed: false, readers };
        Self { state: Mutex::new(state), capacity: capacity.max(1) }
    }

    /// Adds an item; returns whether the oldest had to go.
    pub(crate) fn push(&self, item: T) -> bool {
        let mut state = self.state();
        let full = state.items.len() >= self.capacity;
        if full {
            state.items.pop_front();
            state.missed += 1;
        }
        state.items.push_back(item);
        wake(state);
        full
    }

    /// Ends the queue: what waits can still be read.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        wake(state);
    }

    /// Takes items again after it was closed.
    pub(crate) fn reopen(&self) {
        self.state().closed = false;
    }

    /// Waits for an item; gives `None` when the queue is closed and empty.
    pub(crate) async fn next(&self) -> Option<T> {
        poll_fn(|context| self.poll_next(context)).await
    }

    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.state();
        if let Some(item) = state.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        if !state.readers.iter().any(|reader| reader.will_wake(context.waker())) {
            state.readers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Returns how many items were dropped since it was last asked.
    pub(crate) fn take_missed(&self) -> u64 {
        std::mem::take(&mut self.state().missed)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let readers = std::mem::take(&mut state.readers);
    drop(state);
    readers.into_iter().for_each(Waker::wake);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_falls_behind_has_the_newest_and_knows_what_it_missed() {
        let queue = Queue::new(2);
        assert_eq!(["a", "b", "c"].map(|item| queue.push(item)), [false, false, true]);
        queue.close();
        assert_eq!(queue.next().await, Some("b"));
        assert_eq!(queue.next().await, Some("c"));
        assert_eq!(queue.next().await, None);
        assert_eq!((queue.take_missed(), queue.take_missed()), (1, 0));
    }
}
