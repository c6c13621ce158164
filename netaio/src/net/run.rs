//! Runs: notifications to the same subscribers, one after the other, that go out together.
//!
//! While a burst lasts, a notification to the subscribers of the one before costs nothing for each
//! of them: its frame joins theirs. When the run is settled, each of them gets all of it at once.
//!
//! A run is the endpoint's, not that of a burst or thread: whoever sends what must not overtake it
//! settles it first, on whatever thread. So what a task sends that a handler has started comes
//! after what the handler sent, and a server that is told to stop loses nothing.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::{Bytes, BytesMut};

/// A run grows no further than this: what waits there is on no receiver's account.
const MAX: usize = 64 * 1024;

/// Who is among those to whom runs go.
pub(super) trait Receiver: Sized {
    /// Takes a run unless it has it, to be written at once or later.
    fn take(self: &Arc<Self>, run: &Run<Self>, at_once: bool);

    /// Looks at what it takes to write to it.
    fn touch(&self);
}

/// What thousands of receivers need is not in the processor's caches: it is fetched for so many of
/// them together, and not for one after the other between their writes.
const TOGETHER: usize = 8;

/// What goes to the same receivers.
#[derive(Debug)]
pub(super) struct Run<T> {
    /// Each has a higher one than those before it.
    pub(super) number: u64,
    pub(super) frames: Bytes,
    to: Arc<[Arc<T>]>,
    /// Whether somebody gives it to its receivers already.
    begun: AtomicBool,
}

/// The runs of one endpoint that some receivers have not been given.
#[derive(Debug)]
pub(super) struct Runs<T> {
    state: Mutex<State<T>>,
    /// Whether there are any; read without the lock.
    exist: AtomicBool,
    max: usize,
}

#[derive(Debug)]
struct State<T> {
    /// The one that may still grow: its receivers, and its first frame.
    open: Option<(Arc<[Arc<T>]>, BytesMut)>,
    /// All its frames, once there are several; the room is kept. A run that waits in a queue must
    /// not take more memory than is counted, as it would in a buffer that has grown.
    joined: BytesMut,
    /// Those before it.
    ended: VecDeque<Arc<Run<T>>>,
    /// The number of the last that has ended.
    last: u64,
}

/// Why a frame has ended the run before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// It goes to others.
    Others,
    Full,
}

impl<T: Receiver> Runs<T> {
    /// Makes a list of runs none of which exceeds `limit`, unless a single frame does: what a slow
    /// receiver is cut for must not depend on how frames come together.
    pub(super) fn new(limit: usize) -> Self {
        let state = Mutex::new(State {
            open: None,
            joined: BytesMut::new(),
            ended: VecDeque::new(),
            last: 0,
        });
        Self { state, exist: AtomicBool::new(false), max: limit.min(MAX) }
    }

    /// Adds a frame to the run that is open, if it goes to the same receivers and there is room;
    /// else to a new one. If that ended another, it is to be settled by
    /// [`settle_ended`](Self::settle_ended).
    pub(super) fn add(&self, to: Arc<[Arc<T>]>, frame: BytesMut) -> Option<Ended> {
        let mut state = self.state();
        let State { open, joined, .. } = &mut *state;
        let mut ended = None;
        if let Some((receivers, first)) = open {
            let same = Arc::ptr_eq(receivers, &to);
            if same && first.len().max(joined.len()) + frame.len() <= self.max {
                if joined.is_empty() {
                    joined.extend_from_slice(first);
                }
                joined.extend_from_slice(&frame);
                return None;
            }
            ended = Some(if same { Ended::Full } else { Ended::Others });
            state.end();
        }
        state.open = Some((to, frame));
        self.exist.store(true, Ordering::Release);
        ended
    }

    /// Returns whether there are any: for sure, if this thread can know of them.
    pub(super) fn exist(&self) -> bool {
        self.exist.load(Ordering::Acquire)
    }

    /// Ends the open run and gives all there are to those who have not been given them.
    pub(super) fn settle(&self, at_once: bool) {
        let mut state = self.state();
        state.end();
        self.give_ended(state, at_once);
    }

    /// Gives those that have ended to those who have not been given them.
    pub(super) fn settle_ended(&self, at_once: bool) {
        self.give_ended(self.state(), at_once);
    }

    /// When this returns, every receiver has all of them.
    fn give_ended<'a>(&'a self, mut state: MutexGuard<'a, State<T>>, at_once: bool) {
        let last = state.last;
        while let Some(run) = state.ended.front().filter(|run| run.number <= last).cloned() {
            drop(state);
            run.give(at_once);
            state = self.state();
            if state.ended.front().is_some_and(|first| first.number == run.number) {
                state.ended.pop_front();
            }
        }
        let exist = state.open.is_some() || !state.ended.is_empty();
        self.exist.store(exist, Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Receiver> Run<T> {
    fn give(&self, at_once: bool) {
        // Another thread may be at it, and stuck: this one then comes from the other side, so that
        // they meet once.
        let from_the_end = self.begun.swap(true, Ordering::Relaxed);
        let chunks = self.to.chunks(TOGETHER);
        let give = |receivers: &[Arc<T>]| {
            if at_once {
                receivers.iter().for_each(|receiver| receiver.touch());
            }
            receivers.iter().for_each(|receiver| receiver.take(self, at_once));
        };
        if from_the_end { chunks.rev().for_each(give) } else { chunks.for_each(give) }
    }
}

impl<T> State<T> {
    fn end(&mut self) {
        if let Some((to, first)) = self.open.take() {
            let several = !self.joined.is_empty();
            let frames =
                if several { Bytes::copy_from_slice(&self.joined) } else { first.freeze() };
            self.joined.clear();
            self.last += 1;
            let (number, begun) = (self.last, AtomicBool::new(false));
            self.ended.push_back(Arc::new(Run { number, frames, to, begun }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes which runs it takes; the first of them only when another has been settled meanwhile.
    struct Slow {
        runs: Arc<Runs<Self>>,
        all: Mutex<Option<Arc<[Arc<Self>]>>>,
        taken: Mutex<Vec<u64>>,
    }

    impl Receiver for Slow {
        fn take(self: &Arc<Self>, run: &Run<Self>, at_once: bool) {
            let mut taken = self.taken.lock().unwrap();
            if taken.last().is_none_or(|&last| last < run.number) {
                taken.push(run.number);
            }
            drop(taken);
            let all = self.all.lock().unwrap().take();
            if let Some(all) = all {
                assert_eq!(self.runs.add(all, "second".as_bytes().into()), None);
                self.runs.settle(at_once);
                assert!(!self.runs.exist());
            }
        }

        fn touch(&self) {}
    }

    #[test]
    fn who_settles_a_run_sees_to_those_before_it_though_somebody_else_is_at_them() {
        let runs = Arc::new(Runs::new(MAX));
        let receiver = |_| {
            let (all, taken) = (Mutex::default(), Mutex::default());
            Arc::new(Slow { runs: Arc::clone(&runs), all, taken })
        };
        let all: Arc<[_]> = (0..20).map(receiver).collect();
        *all[3].all.lock().unwrap() = Some(Arc::clone(&all));
        assert_eq!(runs.add(Arc::clone(&all), "first".as_bytes().into()), None);
        assert!(runs.exist());
        runs.settle(true);
        for receiver in &*all {
            assert_eq!(*receiver.taken.lock().unwrap(), [1, 2]);
        }
        assert!(!runs.exist());
    }

    #[test]
    fn m2_a_run_takes_no_more_memory_than_is_counted() {
        let runs = Runs::<Slow>::new(MAX);
        let to: Arc<[_]> = Arc::new([]);
        for count in [1, 33, 2] {
            for _ in 0..count {
                assert_eq!(runs.add(Arc::clone(&to), [0; 1_000][..].into()), None);
            }
            let mut state = runs.state();
            state.end();
            let frames = Arc::into_inner(state.ended.pop_front().unwrap()).unwrap().frames;
            assert_eq!(frames.len(), count * 1_000);
            assert_eq!(frames.try_into_mut().unwrap().capacity(), count * 1_000);
        }
    }
}
