use std::{
    collections::VecDeque,
    fmt,
    io::{self, IoSlice},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::{Notify, futures::Notified};

use crate::{
    budget::{Account, Budget},
    handler::SendError,
};

/// The bounded queue of frames for one connection, written by anybody, emptied by its task.
///
/// Where the stream has a [`Writer`], who queues a frame while the task has nothing to write sends
/// it himself with [`write`](Self::write): a fan-out then wakes nobody.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Whether there is something for the task to do; read without the lock.
    news: AtomicBool,
    /// Tells those whose frame found no room that there is some.
    room: Notify,
    limit: usize,
    /// What the connection holds of its endpoint's memory.
    account: Account,
    writer: Option<Arc<dyn Writer>>,
}

/// A stream that anybody can write to, without waiting.
pub(crate) trait Writer: fmt::Debug + Send + Sync {
    /// Writes what the stream takes at once; `WouldBlock` when that is nothing.
    fn try_write(&self, frames: &[IoSlice<'_>]) -> io::Result<usize>;
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Bytes>,
    /// The bytes of all frames together.
    bytes: usize,
    /// How many of them the account knows of.
    accounted: usize,
    phase: Phase,
    /// Whether the task writes, or is about to: then nobody else may.
    claimed: bool,
    /// Whether somebody has said to write what waits.
    promised: bool,
    /// The connection's task, when it sleeps.
    task: Option<Waker>,
}

/// What a frame takes beside its bytes, so that many small ones count for what they are.
const OVERHEAD: usize = 64;

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

/// Who sends a frame that was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The connection's task, or somebody who has promised to.
    Left,
    /// Who has put it there, by [`Outbox::write`].
    Promised,
}

/// How many frames are written with one call.
const AT_ONCE: usize = 64;

impl Outbox {
    /// Makes a queue that holds up to `limit` bytes.
    pub(crate) fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        let state = State {
            frames: VecDeque::new(),
            bytes: 0,
            accounted: 0,
            phase: Phase::Open,
            claimed: true,
            promised: false,
            task: None,
        };
        Self {
            state: Mutex::new(state),
            news: AtomicBool::new(false),
            room: Notify::new(),
            limit,
            account: Account::new(budget),
            writer: None,
        }
    }

    /// Lets others than the task write, while it has nothing to.
    pub(crate) fn with_writer(self, writer: Option<Arc<dyn Writer>>) -> Self {
        Self { writer, ..self }
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Queues a frame, and sends it where that can be done at once.
    ///
    /// A frame over the limit is refused; a queue that is empty takes a frame of any size.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), SendError> {
        if self.put(frame)? == Pushed::Promised {
            self.write();
        }
        Ok(())
    }

    /// Queues a frame as [`push`](Self::push) does; who gets [`Pushed::Promised`] has to call
    /// [`write`](Self::write) soon, perhaps after more frames.
    pub(crate) fn put(&self, frame: Bytes) -> Result<Pushed, SendError> {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return Err(SendError::Closed);
        }
        if state.bytes > 0 && state.held() + frame.len() > self.limit {
            return Err(SendError::QueueFull);
        }
        state.bytes += frame.len();
        state.frames.push_back(frame);
        if self.writer.is_none() || state.claimed {
            self.leave(state);
            return Ok(Pushed::Left);
        }
        let promised = std::mem::replace(&mut state.promised, true);
        Ok(if promised { Pushed::Left } else { Pushed::Promised })
    }

    /// Writes what waits, as [`Pushed::Promised`] says; what the stream does not take at once is
    /// left to the task.
    #[allow(clippy::indexing_slicing, reason = "so many of them have been filled")]
    pub(crate) fn write(&self) {
        let mut state = self.state();
        state.promised = false;
        if let Some(writer) = self.writer.as_deref().filter(|_| !state.claimed) {
            while !state.frames.is_empty() {
                let mut slices = [IoSlice::new(&[]); AT_ONCE];
                let count = state.frames.len().min(AT_ONCE);
                slices.iter_mut().zip(&state.frames).for_each(|(slice, frame)| {
                    *slice = IoSlice::new(frame);
                });
                // Other errors than a full buffer are the task's to find.
                let Ok(written) = writer.try_write(&slices[..count]) else { break };
                state.written(written);
            }
        }
        if !state.frames.is_empty() {
            self.leave(state);
        }
    }

    /// Leaves what waits to the task.
    fn leave(&self, mut state: MutexGuard<'_, State>) {
        self.settle(&mut state);
        self.news.store(true, Ordering::Release);
        wake(state);
    }

    /// Lets the account know what waits.
    fn settle(&self, state: &mut State) {
        let held = state.held();
        self.account.set(&mut state.accounted, held);
    }

    /// Keeps all others from writing until [`poll_wakeup`](Self::poll_wakeup) finds nothing to do.
    /// Moves what waits, perhaps the rest of a frame, to the end of `out`.
    pub(crate) fn claim(&self, out: &mut BytesMut) {
        let mut state = self.state();
        state.claimed = true;
        self.drain(state, out);
    }

    /// Moves what waits to the end of `out`.
    pub(crate) fn take(&self, out: &mut BytesMut) {
        if self.has_news() {
            self.drain(self.state(), out);
        }
    }

    fn drain(&self, mut state: MutexGuard<'_, State>, out: &mut BytesMut) {
        if state.frames.is_empty() {
            return;
        }
        for frame in state.frames.drain(..) {
            out.extend_from_slice(&frame);
        }
        // A burst's memory is not kept for an idle connection.
        state.frames.shrink_to(16);
        state.bytes = 0;
        self.settle(&mut state);
        // The end stays news.
        self.news.store(state.phase != Phase::Open, Ordering::Release);
        drop(state);
        self.room.notify_waiters();
    }

    /// Returns whether [`poll_wakeup`](Self::poll_wakeup) may find something, without its lock.
    pub(crate) fn has_news(&self) -> bool {
        self.news.load(Ordering::Acquire)
    }

    /// Waits until frames have been taken since the call of this function.
    pub(crate) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Waits for something to do: frames, or the end. A task that is not ready to end yet ignores
    /// `closing`. While it waits, others may write.
    pub(crate) fn poll_wakeup(&self, context: &mut Context<'_>, closing: bool) -> Poll<Wakeup> {
        let mut state = self.state();
        state.claimed = false;
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
            state.bytes = 0;
            self.settle(&mut state);
        }
        self.news.store(true, Ordering::Release);
        wake(state);
        self.room.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns how much memory is held by what waits.
    fn held(&self) -> usize {
        self.bytes + self.frames.len() * OVERHEAD
    }

    /// Drops so many bytes off the front.
    fn written(&mut self, mut count: usize) {
        self.bytes -= count;
        while let Some(frame) = self.frames.front_mut().filter(|_| count > 0) {
            let part = frame.len().min(count);
            count -= part;
            frame.advance(part);
            if frame.is_empty() {
                self.frames.pop_front();
            }
        }
    }

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
        let outbox = Outbox::new(10 + OVERHEAD, &Budget::new(usize::MAX));
        outbox.push(frame(6)).unwrap();
        assert_eq!(outbox.push(frame(5)), Err(SendError::QueueFull));
        outbox.push(frame(4)).unwrap();
        let mut out = BytesMut::new();
        outbox.take(&mut out);
        assert_eq!(out.len(), 10);
        outbox.push(frame(11 + OVERHEAD)).unwrap();
    }

    #[test]
    fn m2_small_frames_count_for_the_memory_they_take() {
        let budget = Budget::new(usize::MAX);
        let outbox = Outbox::new(100 * OVERHEAD, &budget);
        let pushed = (0..1_000).take_while(|_| outbox.push(frame(1)).is_ok()).count();
        assert!((90..100).contains(&pushed), "{pushed}");
        assert_eq!(budget.used(), pushed * (1 + OVERHEAD));
        outbox.take(&mut BytesMut::new());
        assert_eq!(budget.used(), 0);
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
