//! Bursts: what the messages of one batch send to others is written together at its end.
//!
//! A connection that has read sixteen messages which all publish to a hundred subscribers writes to
//! each of these once.

use std::{cell::RefCell, sync::Arc};

use super::hub::{Hub, Peering};

/// Room for so many receivers is kept from one burst to the next.
const KEPT: usize = 4_096;

#[derive(Default)]
struct Burst {
    is_on: bool,
    /// Those whose runs may have grown: mostly one.
    hubs: Vec<Arc<Hub>>,
    /// Those to whom something is to be written when it ends.
    receivers: Vec<Arc<Peering>>,
}

impl Burst {
    const NONE: Self = Self { is_on: false, hubs: Vec::new(), receivers: Vec::new() };
}

thread_local! {
    static BURST: RefCell<Burst> = const { RefCell::new(Burst::NONE) };
}

/// Runs `work`; then writes what it has sent to other connections.
///
/// `work` does not wait, so neither do they.
pub(super) fn during<T>(work: impl FnOnce() -> T) -> T {
    let _end = BURST.with_borrow_mut(|burst| {
        // One within another, as when a handler runs a runtime of its own, is part of it.
        (!std::mem::replace(&mut burst.is_on, true)).then(|| End)
    });
    work()
}

pub(super) fn is_on() -> bool {
    BURST.with_borrow(|burst| burst.is_on)
}

/// Returns whether a burst is on that settles the runs of `hub` when it ends; from now on it does.
pub(super) fn settles(hub: &Arc<Hub>) -> bool {
    BURST.with_borrow_mut(|burst| {
        if burst.is_on && !burst.hubs.iter().any(|other| Arc::ptr_eq(other, hub)) {
            burst.hubs.push(Arc::clone(hub));
        }
        burst.is_on
    })
}

/// Returns whether the burst that is on has made the runs of `hub` grow.
pub(super) fn has_notified(hub: &Arc<Hub>) -> bool {
    BURST.with_borrow(|burst| burst.hubs.iter().any(|other| Arc::ptr_eq(other, hub)))
}

/// Writes what is queued for a connection at the end of the burst, or at once when there is none.
pub(super) fn write(receiver: &Arc<Peering>) {
    let put_off = BURST.with_borrow_mut(|burst| {
        if burst.is_on {
            burst.receivers.push(Arc::clone(receiver));
        }
        burst.is_on
    });
    if !put_off {
        receiver.outbox.write();
    }
}

/// Ends a burst, also when the work panics.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        let burst = BURST.with_borrow_mut(|burst| {
            burst.is_on = false;
            let is_idle = burst.hubs.is_empty() && burst.receivers.is_empty();
            (!is_idle).then(|| std::mem::take(burst))
        });
        if let Some(burst) = burst {
            burst.end();
        }
    }
}

impl Burst {
    /// Apart, as most bursts have sent nothing to others.
    #[inline(never)]
    fn end(self) {
        let Self { mut hubs, mut receivers, .. } = self;
        // What receivers have been promised before still waits, so that this comes after it.
        hubs.drain(..).for_each(|hub| hub.settle());
        receivers.drain(..).for_each(|receiver| receiver.outbox.write());
        receivers.shrink_to(KEPT);
        BURST.with_borrow_mut(|burst| {
            // Neither list makes room anew in each burst.
            (burst.hubs, burst.receivers) = (hubs, receivers);
        });
    }
}

#[cfg(test)]
mod tests;
