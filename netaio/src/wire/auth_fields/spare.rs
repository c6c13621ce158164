//! The memory of maps, used again: under an auth plugin each message has two, for a moment.

use std::cell::RefCell;

use super::Fields;

/// A thread keeps so many: those of a batch.
const KEPT: usize = 32;
/// A larger map is not kept.
const LARGEST: usize = 1024;

thread_local! {
    // In boxes, as maps hold them.
    #[allow(clippy::vec_box, reason = "it is the boxes that are used again")]
    static SPARE: RefCell<Vec<Box<Fields>>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn take() -> Box<Fields> {
    SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

pub(super) fn give(mut fields: Box<Fields>) {
    if fields.data.capacity() > LARGEST || fields.entries.capacity() > LARGEST / 32 {
        return;
    }
    fields.data.clear();
    fields.entries.clear();
    // When the thread ends there is nothing to give to.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < KEPT {
            spare.push(fields);
        }
    });
}
