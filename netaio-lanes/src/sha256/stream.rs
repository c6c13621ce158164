use zeroize::Zeroize;

use super::Block;

/// How many bytes a block gives.
pub(crate) const LENGTH: usize = 32;

/// How many blocks the widest registers take.
pub(crate) const WIDE: usize = 16;

/// For a shorter text than this the wide registers would be too empty.
pub(crate) const WORTHWHILE: usize = 12 * LENGTH;

/// Returns how much of a text is worth wide registers; all but the last of its parts are full.
pub(crate) fn wide_part(length: usize) -> usize {
    let rest = length % (WIDE * LENGTH);
    if rest >= WORTHWHILE { length } else { length - rest }
}

/// The counter stream of a key, and how far it is.
///
/// Key and counter make one block: the key is words 0 to 7, the counter word 8, and the rest the
/// padding, the same for all (section 5.1.1). So eight rounds, and some words of the schedule,
/// depend on the key alone.
pub(crate) struct Stream {
    pub(crate) block: Block,
    pub(crate) counter: u32,
}

impl Stream {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        block[36] = 0x80;
        block[62..].copy_from_slice(&(36_u16 * 8).to_be_bytes());
        Self { block, counter: 0 }
    }

    /// Returns the next counter and steps over `count` of them.
    pub(crate) fn advance(&mut self, count: u32) -> u32 {
        let counter = self.counter;
        self.counter = counter.wrapping_add(count);
        counter
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.block.as_mut_slice().zeroize();
    }
}
