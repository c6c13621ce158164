//! The CRC-32 of a body, which its header carries.

use std::sync::LazyLock;

use crc32fast::Hasher;

/// Made once: to look at what the processor can do takes as long as the checksum of a short body.
static BEGINNING: LazyLock<Hasher> = LazyLock::new(Hasher::new);

/// Returns the checksum of a body that is in one piece.
#[inline]
pub(super) fn of(body: &[u8]) -> u32 {
    of_parts(body, &[])
}

/// Returns the checksum of a body that is in two pieces.
#[inline]
pub(super) fn of_parts(start: &[u8], end: &[u8]) -> u32 {
    let mut hasher = BEGINNING.clone();
    hasher.update(start);
    if !end.is_empty() {
        hasher.update(end);
    }
    hasher.finalize()
}
