use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, futures::Notified};

use crate::{
    budget::{Account, Budget},
    handler::SendError,
};

/// The bounded queue of frames for one connection, written by anybody, emptied by its task.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Whether frames wait; read without the lock.
    waiting: AtomicBool,
    /// Tells those whose frame found no room that there is some.
    room: Notify,
    limit: usize,
    /// What the connection holds of its endpoint's memory.
    account: Account,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Bytes>,
    /// The bytes of all frames together.
    bytes: usize,
    phase: Phase,
    /// The connection's task, when it sleeps.
    task: Option<Waker>,
}

/// How far the end of a connection has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Open,
    /// Nothing more is accepted; what waits is still to be sent.
    Closing,
    /// Nothing more is sent.
    Cut,
}

/// What a connection's task is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wakeup {
    Frames,
    Closing,
    Cut,
}

impl Outbox {
    /// Makes a queue that holds up to `limit` bytes.
    pub(crate) fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        Self {
            state: Mutex::default(),
            waiting: AtomicBool::new(false),
            room: Notify::new(),
            limit,
            account: Account::new(budget),
        }
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Queues a frame.
    ///
    /// A frame over the limit is refused; a queue that is empty takes a frame of any size.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), SendError> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return Err(SendError::Closed);
        }
        if state.bytes > 0 && state.bytes + frame.len() > self.limit {
            return Err(SendError::QueueFull);
        }
        state.bytes += frame.len();
        self.account.add(frame.len());
        state.frames.push_back(frame);
        self.waiting.store(true, Ordering::Release);
        wake(state);
        Ok(())
    }

    /// Moves what waits to the end of `out`.
    pub(crate) fn take(&self, out: &mut BytesMut) {
        if !self.waiting.load(Ordering::Acquire) {
            return;
        }
        let mut state = self.state();
        for frame in state.frames.drain(..) {
            out.extend_from_slice(&frame);
        }
        // A burst's memory is not kept for an idle connection.
        state.frames.shrink_to(16);
        self.account.sub(std::mem::take(&mut state.bytes));
        self.waiting.store(false, Ordering::Release);
        drop(state);
        self.room.notify_waiters();
    }

    /// Waits until frames have been taken since the call of this function.
    pub(crate) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Waits for something to do: frames, or the end. A task that is not ready to end yet ignores
    /// `closing`.
    pub(crate) fn poll_wakeup(&self, context: &mut Context<'_>, closing: bool) -> Poll<Wakeup> {
        let mut state = self.state();
        if state.phase == Phase::Cut {
            return Poll::Ready(Wakeup::Cut);
        }
        if !state.frames.is_empty() {
            return Poll::Ready(Wakeup::Frames);
        }
        if closing && state.phase == Phase::Closing {
            return Poll::Ready(Wakeup::Closing);
        }
        state.sleep(context);
        Poll::Pending
    }

    /// Returns whether the connection has been cut; if not, the task is woken when it is.
    pub(crate) fn poll_cut(&self, context: &mut Context<'_>) -> bool {
        let mut state = self.state();
        state.sleep(context);
        state.phase == Phase::Cut
    }

    /// Accepts nothing more; the task sends what waits and ends.
    pub(crate) fn close(&self) {
        self.advance(Phase::Closing);
    }

    /// Drops what waits; the task ends at once.
    pub(crate) fn cut(&self) {
        self.advance(Phase::Cut);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state().phase
    }

    fn advance(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = state.phase.max(phase);
        if state.phase == Phase::Cut {
            state.frames = VecDeque::new();
            self.account.sub(std::mem::take(&mut state.bytes));
            self.waiting.store(false, Ordering::Release);
        }
        wake(state);
        self.room.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sleep(&mut self, context: &mut Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(context.waker()),
            task => *task = Some(context.waker().clone()),
        }
    }
}

/// Wakes the task after the lock is released, so that it does not run into it.
fn wake(mut state: MutexGuard<'_, State>) {
    let task = state.task.take();
    drop(state);
    if let Some(task) = task {
        task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize) -> Bytes {
        vec![0; length].into()
    }

    #[test]
    fn the_limit_refuses_what_exceeds_it_and_nothing_else() {
        let outbox = Outbox::new(10, &Budget::new(usize::MAX));
        outbox.push(frame(6)).unwrap();
        assert_eq!(outbox.push(frame(5)), Err(SendError::QueueFull));
        outbox.push(frame(4)).unwrap();
        let mut out = BytesMut::new();
        outbox.take(&mut out);
        assert_eq!(out.len(), 10);
        outbox.push(frame(11)).unwrap();
    }

    #[test]
    fn a_closing_queue_gives_what_it_has_and_takes_no_more() {
        let outbox = Outbox::new(10, &Budget::new(usize::MAX));
        outbox.push(frame(1)).unwrap();
        outbox.close();
        assert_eq!(outbox.push(frame(1)), Err(SendError::Closed));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Frames));
        outbox.take(&mut BytesMut::new());
        assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Closing));
        outbox.cut();
        assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Cut));
    }
}
