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

use bytes::{Buf, Bytes};
use tokio::sync::{Notify, futures::Notified};

use crate::{
    budget::{Account, Budget},
    handler::SendError,
    wire::Output,
};

/// The bounded queue of frames for one connection, written by anybody, emptied by its task.
///
/// Where the stream has a [`Writer`], who has a frame for it while the task has nothing to write
/// writes it himself: a fan-out then wakes nobody.
#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Whether there is something for the task to do; read without the lock.
    news: AtomicBool,
    /// Tells those whose frame found no room that there is some.
    room: Notify,
    /// Whether anybody has ever waited for room, as a server's sender does not.
    awaited: AtomicBool,
    limit: usize,
    /// What the connection holds of its endpoint's memory.
    account: Account,
}

/// A stream that anybody can write to, without waiting.
pub(crate) trait Writer: fmt::Debug + Send + Sync {
    /// Writes what the stream takes at once; `WouldBlock` when that is nothing.
    fn try_write(&self, frames: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Looks whether the stream may take something; costs no call of the system.
    fn is_ready(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct State {
    frames: VecDeque<Bytes>,
    /// The bytes of all frames together.
    bytes: usize,
    /// How many of them the account knows of.
    accounted: usize,
    /// The number of the last run that it was given.
    given: u64,
    phase: Phase,
    /// What others than the task write to. It goes with the connection: who keeps a handle of one
    /// that has ended must not keep its socket.
    writer: Option<Arc<dyn Writer>>,
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

/// Who sends a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// Nobody needs to: it is sent; or the connection's task, or somebody who has promised to.
    Left,
    /// Who has put it there, by [`Outbox::write`].
    Promised,
}

/// How many frames are written with one call, and how many a queue has room for while it is empty.
const AT_ONCE: usize = 64;

impl Outbox {
    /// Makes a queue that holds up to `limit` bytes.
    pub(crate) fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        let state = State {
            frames: VecDeque::new(),
            bytes: 0,
            accounted: 0,
            given: 0,
            phase: Phase::Open,
            writer: None,
            claimed: true,
            promised: false,
            task: None,
        };
        Self {
            state: Mutex::new(state),
            news: AtomicBool::new(false),
            room: Notify::new(),
            awaited: AtomicBool::new(false),
            limit,
            account: Account::new(budget),
        }
    }

    /// Lets others than the task write, while it has nothing to.
    pub(crate) fn with_writer(self, writer: Option<Arc<dyn Writer>>) -> Self {
        self.state().writer = writer;
        self
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Sends a frame where that can be done at once; else queues it.
    ///
    /// A frame over the limit is refused; a queue that is empty takes a frame of any size.
    pub(crate) fn push(&self, frame: Bytes) -> Result<(), SendError> {
        let state = self.state();
        if state.is_idle() {
            self.write_through(state, &frame);
        } else if self.put(state, frame)? == Pushed::Promised {
            self.write();
        }
        Ok(())
    }

    /// Queues a frame for the task, which sends it together with what others queue meanwhile.
    ///
    /// It is refused as by [`push`](Self::push).
    pub(crate) fn queue(&self, frame: Bytes) -> Result<(), SendError> {
        let mut state = self.state();
        self.add(&mut state, frame)?;
        self.leave(state);
        Ok(())
    }

    /// Takes the frames of a run, unless somebody else has given them: sends them as
    /// [`push`](Self::push) does if `at_once` says so, else queues them. Who gets
    /// [`Pushed::Promised`] has to call [`write`](Self::write) soon, perhaps after more frames.
    pub(crate) fn give(
        &self,
        number: u64,
        frames: &Bytes,
        at_once: bool,
    ) -> Result<Pushed, SendError> {
        let mut state = self.state();
        if state.given >= number {
            return Ok(Pushed::Left);
        }
        state.given = number;
        if !at_once || !state.is_idle() {
            return self.put(state, frames.clone());
        }
        self.write_through(state, frames);
        Ok(Pushed::Left)
    }

    /// Looks at what a write needs, for no other purpose than to have it at hand.
    pub(crate) fn touch(&self) {
        if let Ok(state) = self.state.try_lock() {
            std::hint::black_box(state.writer.as_ref().is_some_and(|writer| writer.is_ready()));
        }
    }

    /// Writes without queueing; what the stream does not take is left to the task.
    fn write_through(&self, mut state: MutexGuard<'_, State>, frame: &Bytes) {
        // Other errors than a full buffer are the task's to find.
        let write = |writer: &Arc<dyn Writer>| writer.try_write(&[IoSlice::new(frame)]).ok();
        let written = state.writer.as_ref().and_then(write).unwrap_or(0);
        if written < frame.len() {
            state.bytes = frame.len() - written;
            state.frames.push_back(frame.slice(written..));
            self.leave(state);
        }
    }

    /// Adds a frame to those that wait.
    fn add(&self, state: &mut State, frame: Bytes) -> Result<(), SendError> {
        if state.phase != Phase::Open {
            return Err(SendError::Closed);
        }
        if state.bytes > 0 && state.held() + frame.len() > self.limit {
            return Err(SendError::QueueFull);
        }
        state.bytes += frame.len();
        state.frames.push_back(frame);
        Ok(())
    }

    /// Queues a frame; says who sends it.
    fn put(&self, mut state: MutexGuard<'_, State>, frame: Bytes) -> Result<Pushed, SendError> {
        self.add(&mut state, frame)?;
        if state.writer.is_none() || state.claimed {
            self.leave(state);
            return Ok(Pushed::Left);
        }
        let promised = std::mem::replace(&mut state.promised, true);
        Ok(if promised { Pushed::Left } else { Pushed::Promised })
    }

    /// Writes what waits, as [`Pushed::Promised`] says; what the stream does not take at once is
    /// left to the task.
    pub(crate) fn write(&self) {
        let mut state = self.state();
        state.promised = false;
        // Other errors than a full buffer are the task's to find.
        while let Ok(1..) = state.write_some() {}
        if state.frames.is_empty() {
            // A burst's memory is not kept for an idle connection.
            state.frames.shrink_to(AT_ONCE);
            // It may have been left to the task before.
            self.settle(&mut state);
            self.news.store(state.phase != Phase::Open, Ordering::Release);
            drop(state);
            if self.awaited.load(Ordering::Relaxed) {
                self.room.notify_waiters();
            }
        } else {
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
    pub(crate) fn claim(&self, out: &mut Output) {
        let mut state = self.state();
        state.claimed = true;
        self.drain(state, out);
    }

    /// Moves what waits to the end of `out`.
    pub(crate) fn take(&self, out: &mut Output) {
        if self.has_news() {
            self.drain(self.state(), out);
        }
    }

    fn drain(&self, mut state: MutexGuard<'_, State>, out: &mut Output) {
        if state.frames.is_empty() {
            return;
        }
        state.frames.drain(..).for_each(|frame| out.put(&frame));
        state.frames.shrink_to(AT_ONCE);
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
        // Who then finds no room has had the lock, and so has who makes some: that one sees this.
        self.awaited.store(true, Ordering::Relaxed);
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
            (state.frames, state.writer) = (VecDeque::new(), None);
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

    /// Returns whether what comes now is the next to be written, by whoever has it.
    fn is_idle(&self) -> bool {
        let open = !self.claimed && self.phase == Phase::Open;
        open && self.frames.is_empty() && self.writer.is_some()
    }

    /// Writes the next frames as far as the stream takes them; 0 when there are none, or only the
    /// task may.
    #[allow(clippy::indexing_slicing, reason = "so many of them have been filled")]
    fn write_some(&mut self) -> io::Result<usize> {
        let Some(writer) = self.writer.as_deref().filter(|_| !self.claimed) else { return Ok(0) };
        let count = self.frames.len().min(AT_ONCE);
        let written = match self.frames.front() {
            None => 0,
            // The common case needs no list.
            Some(frame) if count == 1 => writer.try_write(&[IoSlice::new(frame)])?,
            Some(_) => {
                let mut slices = [IoSlice::new(&[]); AT_ONCE];
                slices.iter_mut().zip(&self.frames).for_each(|(slice, frame)| {
                    *slice = IoSlice::new(frame);
                });
                writer.try_write(&slices[..count])?
            }
        };
        self.written(written);
        Ok(written)
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
mod tests;
