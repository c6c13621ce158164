//! Bursts: what the messages of one batch send to others is written together at its end.
//!
//! A connection that has read sixteen messages which all publish to a hundred subscribers writes to
//! each of these once.

use std::{cell::RefCell, sync::Arc};

use super::hub::Peering;

/// Room for so many receivers is kept from one burst to the next.
const KEPT: usize = 4_096;

#[derive(Default)]
struct Burst {
    is_on: bool,
    /// Those to whom something is to be written when it ends.
    receivers: Vec<Arc<Peering>>,
}

thread_local! {
    static BURST: RefCell<Burst> = RefCell::default();
}

/// Runs `work`; then writes what it has queued for other connections.
///
/// `work` does not wait, so neither do they.
pub(super) fn during<T>(work: impl FnOnce() -> T) -> T {
    let _end = BURST.with_borrow_mut(|burst| {
        // One within another, as when a handler runs a runtime of its own, is part of it.
        (!std::mem::replace(&mut burst.is_on, true)).then_some(End)
    });
    work()
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
        let mut receivers = BURST.with_borrow_mut(|burst| {
            burst.is_on = false;
            std::mem::take(&mut burst.receivers)
        });
        if receivers.is_empty() {
            return;
        }
        receivers.drain(..).for_each(|receiver| receiver.outbox.write());
        receivers.shrink_to(KEPT);
        BURST.with_borrow_mut(|burst| burst.receivers = receivers);
    }
}
