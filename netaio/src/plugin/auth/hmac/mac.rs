//! HMAC-SHA256 as the original has it: the key is padded to 136 bytes, not 64.

use netaio_lanes::{
    Backend,
    sha256::{Block, INITIAL, State},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::MAC_LENGTH;
use crate::plugin::sha256::finish;

/// The whole blocks of a padded key.
const BLOCKS: usize = 2;
/// What is left of it in the third block.
const LEFT: usize = 136 - BLOCKS * size_of::<Block>();
/// How many bytes of a message fit into that block beside it.
const HEAD: usize = 4;

const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

/// The key of one message, hashed as far as it goes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct MacKey {
    inner: State,
    outer: State,
}

impl MacKey {
    #[allow(clippy::indexing_slicing, reason = "a key is shorter than a block")]
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let [mut inner, mut outer] = [INNER, OUTER].map(|pad| [[pad; 64]; BLOCKS]);
        for (at, byte) in key.iter().enumerate() {
            inner[0][at] ^= byte;
            outer[0][at] ^= byte;
        }
        let mut new = Self { inner: INITIAL, outer: INITIAL };
        Backend::detect().compress_pair([&mut new.inner, &mut new.outer], [&inner, &outer]);
        inner[0].as_mut_slice().zeroize();
        outer[0].as_mut_slice().zeroize();
        new
    }

    /// Returns the MAC of a message, whose first bytes may be apart from the rest.
    pub(super) fn mac(&self, head: &[u8; HEAD], rest: &[u8]) -> [u8; MAC_LENGTH] {
        let mut begin = [INNER; LEFT + HEAD];
        begin[LEFT..].copy_from_slice(head);
        self.close(&finish(self.inner, BLOCKS, &begin, rest))
    }

    /// Returns the MAC of a message that is in one piece.
    pub(super) fn mac_of_whole(&self, message: &[u8]) -> [u8; MAC_LENGTH] {
        self.close(&finish(self.inner, BLOCKS, &[INNER; LEFT], message))
    }

    fn close(&self, inner: &[u8; 32]) -> [u8; MAC_LENGTH] {
        *finish(self.outer, BLOCKS, &[OUTER; LEFT], inner)
    }
}
