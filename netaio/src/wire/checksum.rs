//! The CRC-32 of a body, which its header carries.

use std::sync::LazyLock;

use crc32fast::Hasher;

/// Made once: to look at what the processor can do takes as long as the checksum of a short body.
static BEGINNING: LazyLock<Hasher> = LazyLock::new(Hasher::new);

/// Returns the checksum of a body that is in these parts.
#[inline]
pub(super) fn of<const N: usize>(parts: [&[u8]; N]) -> u32 {
    let mut hasher = BEGINNING.clone();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}
