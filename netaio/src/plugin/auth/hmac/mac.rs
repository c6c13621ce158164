//! HMAC-SHA256 as the original has it: the key is padded to 136 bytes, not 64.

use netaio_lanes::{
    Backend,
    sha256::{Block, State},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::MAC_LENGTH;
use crate::plugin::sha256::{INITIAL, LANES, compress_lanes, finish, finish_lanes};

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
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let [mut inner, mut outer] = [INNER, OUTER].map(|pad| padded(key, pad));
        let mut new = Self { inner: INITIAL, outer: INITIAL };
        Backend::detect().compress_pair([&mut new.inner, &mut new.outer], [&inner, &outer]);
        inner[0].as_mut_slice().zeroize();
        outer[0].as_mut_slice().zeroize();
        new
    }

    /// Returns the MAC of a message, whose first bytes may be apart from the rest.
    pub(super) fn mac(&self, head: &[u8; HEAD], rest: &[u8]) -> [u8; MAC_LENGTH] {
        self.close(&finish(self.inner, BLOCKS, &start(head), rest))
    }

    /// Returns the MAC of a message that is in one piece.
    pub(super) fn mac_of_whole(&self, message: &[u8]) -> [u8; MAC_LENGTH] {
        self.close(&finish(self.inner, BLOCKS, &[INNER; LEFT], message))
    }

    /// Makes the MACs of up to [`LANES`] messages, each under the key that is in its place.
    pub(super) fn mac_lanes(
        keys: &[[u8; 32]; LANES],
        messages: &[(&[u8; HEAD], &[u8])],
        macs: &mut [[u8; MAC_LENGTH]; LANES],
    ) {
        let count = messages.len().min(LANES);
        let [mut inner, mut outer] = [[INITIAL; LANES]; 2];
        for (states, pad) in [(&mut inner, INNER), (&mut outer, OUTER)] {
            let mut pads = keys.each_ref().map(|key| padded(key, pad));
            let mut blocks: [&[Block]; LANES] = [&[]; LANES];
            blocks.iter_mut().zip(&pads).for_each(|(blocks, pad)| *blocks = pad);
            compress_lanes(count, states, &blocks);
            pads.as_flattened_mut().as_flattened_mut().zeroize();
        }
        let mut begins = [[0; LEFT + HEAD]; LANES];
        let mut left: [(&[u8], &[u8]); LANES] = Default::default();
        for ((begin, left), (head, rest)) in begins.iter_mut().zip(&mut left).zip(messages) {
            *begin = start(head);
            *left = (begin, rest);
        }
        finish_lanes(count, &mut inner, BLOCKS, &left, macs);
        let mut hashed = *macs;
        let mut left: [(&[u8], &[u8]); LANES] = [(&[OUTER; LEFT], &[]); LANES];
        left.iter_mut().zip(&hashed).for_each(|(left, hashed)| left.1 = hashed);
        finish_lanes(count, &mut outer, BLOCKS, &left, macs);
        hashed.as_flattened_mut().zeroize();
    }

    fn close(&self, inner: &[u8; 32]) -> [u8; MAC_LENGTH] {
        *finish(self.outer, BLOCKS, &[OUTER; LEFT], inner)
    }
}

/// Returns the whole blocks of a padded key.
fn padded(key: &[u8; 32], pad: u8) -> [Block; BLOCKS] {
    let mut padded = [[pad; 64]; BLOCKS];
    padded.as_flattened_mut().iter_mut().zip(key).for_each(|(pad, byte)| *pad ^= byte);
    padded
}

/// Returns what is left of the inner key, and the first bytes of a message.
fn start(head: &[u8; HEAD]) -> [u8; LEFT + HEAD] {
    let mut start = [INNER; LEFT + HEAD];
    start[LEFT..].copy_from_slice(head);
    start
}
