//! Output buffers, kept by each thread for whichever connection writes next.

use std::cell::Cell;

use crate::engine::Exchange;

/// An output buffer up to this size is kept for the next connection that needs one: it holds what
/// makes one pause, and one more message of the largest size.
const KEPT: usize = 256 * 1024;
const LEAST: usize = 4 * 1024;

thread_local! {
    static SPARE: Cell<Option<Box<Exchange>>> = const { Cell::new(None) };
}

pub(super) fn take() -> Box<Exchange> {
    let mut exchange = SPARE.take().unwrap_or_default();
    exchange.out.buffer().reserve(LEAST);
    exchange
}

pub(super) fn give(mut exchange: Box<Exchange>) {
    // Unless it has grown large.
    if exchange.reclaim(LEAST) <= KEPT {
        SPARE.set(Some(exchange));
    }
}
