use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use tokio::{sync::Notify, time::Instant};

use super::{Manager, Peer, PeerEvent, RemoteAddr};
use crate::{deadline, queue::Queue};

/// How many events wait for a reader before the oldest goes.
const EVENTS: usize = 1_024;

/// The peers of one endpoint: the [`Manager`] with a clock, behind a lock.
#[derive(Debug)]
pub(crate) struct PeerBook {
    manager: Mutex<Manager>,
    /// Whether there are peers, for who need not know it for sure.
    any: AtomicBool,
    start: Instant,
    readers: Mutex<Vec<Weak<Queue<PeerEvent>>>>,
    /// Tells whoever keeps the time that the next tick may be another.
    pub(crate) rescheduled: Notify,
}

impl PeerBook {
    pub(crate) fn new(manager: Manager) -> Self {
        let any = AtomicBool::new(!manager.table().is_empty());
        let (manager, readers) = (Mutex::new(manager), Mutex::default());
        Self { manager, any, start: Instant::now(), readers, rescheduled: Notify::new() }
    }

    /// Lets the manager do something at this time, and hands on the events that came of it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Manager, Duration) -> T) -> T {
        let mut manager = lock(&self.manager);
        let result = act(&mut manager, self.start.elapsed());
        let events = manager.take_events();
        self.any.store(!manager.table().is_empty(), Relaxed);
        drop(manager);
        if !events.is_empty() {
            self.publish(&events);
            self.rescheduled.notify_one();
        }
        result
    }

    /// Notes that a peer is alive, if one is at the address.
    pub(crate) fn touch(&self, addr: &RemoteAddr) {
        // Many nodes have no peers, and to look at the clock and take the lock costs more than to
        // look for one.
        if self.any.load(Relaxed) {
            self.with(|manager, now| manager.touch(addr, now));
        }
    }

    pub(crate) fn at(&self, addr: &RemoteAddr) -> Option<Arc<Peer>> {
        lock(&self.manager).table().at(addr).map(Arc::clone)
    }

    pub(crate) fn get(&self, id: &[u8]) -> Option<Arc<Peer>> {
        lock(&self.manager).table().get(id).map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Peer>> {
        lock(&self.manager).table().iter().map(Arc::clone).collect()
    }

    /// Returns the instant of the next tick.
    pub(crate) fn next_tick(&self) -> Option<Instant> {
        let next = lock(&self.manager).next_tick()?;
        Some(deadline::after(self.start, next))
    }

    pub(crate) fn events(&self) -> PeerEvents {
        let queue = Arc::new(Queue::new(EVENTS));
        lock(&self.readers).push(Arc::downgrade(&queue));
        PeerEvents { queue }
    }

    fn publish(&self, events: &[PeerEvent]) {
        lock(&self.readers).retain(|reader| {
            let Some(queue) = reader.upgrade() else { return false };
            for event in events {
                queue.push(event.clone());
            }
            true
        });
    }
}

impl Drop for PeerBook {
    fn drop(&mut self) {
        for queue in lock(&self.readers).iter().filter_map(Weak::upgrade) {
            queue.close();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can panic half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happens to the peers of an endpoint from now on, as a stream.
///
/// Up to 1,024 events wait to be read; the oldest goes for a newer one, and
/// [`missed`](Self::missed) counts it. The stream ends with the endpoint.
pub struct PeerEvents {
    queue: Arc<Queue<PeerEvent>>,
}

impl PeerEvents {
    /// Waits for the next event; `None` when the endpoint is gone.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when it is dropped before it is done.
    pub async fn next(&mut self) -> Option<PeerEvent> {
        self.queue.next().await
    }

    /// Returns how many events were dropped since it was last asked.
    pub fn missed(&mut self) -> u64 {
        self.queue.take_missed()
    }
}

impl Stream for PeerEvents {
    type Item = PeerEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<PeerEvent>> {
        self.queue.poll_next(context)
    }
}

impl fmt::Debug for PeerEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerEvents").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::peer::PeerManagement;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_touched_is_kept() {
        let book = PeerBook::new(Manager::default());
        let addr: RemoteAddr = SocketAddr::from(([192, 0, 2, 1], 8888)).into();
        let timeout = Duration::from_secs(60);
        let management = PeerManagement::new().every(timeout).timeout(timeout);
        // It may be touched before it is known, and after it is forgotten.
        book.touch(&addr);
        book.with(|manager, now| {
            manager.start(&management, now);
            manager.add(Peer::new("a"), &addr, now).unwrap();
        });
        for _ in 0..5 {
            tokio::time::advance(timeout / 2).await;
            book.touch(&addr);
            assert_eq!(book.with(Manager::tick).0, []);
        }
        tokio::time::advance(timeout + Duration::from_secs(1)).await;
        assert_eq!(book.with(Manager::tick).0.len(), 1);
        book.touch(&addr);
        assert!(book.all().is_empty());
    }
}
