//! SHA-256 of what is in memory already: nothing is copied but the ends, and what was hashed once
//! need not be hashed again.

pub(super) use netaio_lanes::sha256::INITIAL;
use netaio_lanes::{
    Backend,
    sha256::{Block, State},
};
use zeroize::Zeroize;

use super::secret::Secret;

const BLOCK: usize = size_of::<Block>();
/// The message's length in bits, at the end of the last block.
const LENGTH: usize = 8;

pub(super) type Digest = Secret<32>;

/// Returns the SHA-256 of bytes.
pub(super) fn digest(bytes: &[u8]) -> Digest {
    finish(INITIAL, 0, &[], bytes)
}

/// Returns the SHA-256 of a message of which `blocks` are hashed: what is left is less than a block,
/// and bytes after it.
pub(super) fn finish(mut state: State, blocks: usize, head: &[u8], rest: &[u8]) -> Digest {
    let mut ends = Ends::NONE;
    let whole = ends.set(blocks, head, rest);
    let backend = Backend::detect();
    for blocks in ends.around(whole).into_iter().filter(|blocks| !blocks.is_empty()) {
        backend.compress(&mut state, blocks);
    }
    let mut digest = Secret::new([0; 32]);
    close(&mut state, &mut digest);
    digest
}

/// How many messages are hashed side by side.
#[cfg(feature = "hmac")]
pub(super) const LANES: usize = 16;

/// Does the same for the messages of the first `count` lanes, with as many blocks hashed of each;
/// takes what is left of each.
#[cfg(feature = "hmac")]
pub(super) fn finish_lanes(
    count: usize,
    states: &mut [State; LANES],
    blocks: usize,
    left: &[(&[u8], &[u8]); LANES],
    digests: &mut [[u8; 32]; LANES],
) {
    let mut ends = [const { Ends::NONE }; LANES];
    let mut whole: [&[Block]; LANES] = [&[]; LANES];
    for ((ends, whole), (head, rest)) in ends.iter_mut().zip(&mut whole).zip(left).take(count) {
        *whole = ends.set(blocks, head, rest);
    }
    for part in 0..PARTS {
        let mut blocks: [&[Block]; LANES] = [&[]; LANES];
        for (blocks, (ends, whole)) in blocks.iter_mut().zip(ends.iter().zip(whole)) {
            let [first, whole, last] = ends.around(whole);
            *blocks = match part {
                0 => first,
                1 => whole,
                _ => last,
            };
        }
        compress_lanes(count, states, &blocks);
    }
    for (state, digest) in states.iter_mut().zip(digests).take(count) {
        close(state, digest);
    }
}

/// Goes on hashing the messages of the first `count` lanes.
#[cfg(feature = "hmac")]
pub(super) fn compress_lanes(
    count: usize,
    states: &mut [State; LANES],
    blocks: &[&[Block]; LANES],
) {
    if let (Some(states), Some(blocks)) = (states.get_mut(..count), blocks.get(..count)) {
        Backend::detect().compress_many(states, blocks);
    }
}

/// What is left to hash of a message is whole blocks and, before and after them, these.
struct Ends {
    first: Block,
    has_first: bool,
    last: [Block; 2],
    /// How many blocks `last` has.
    count: usize,
}

const PARTS: usize = 3;

impl Ends {
    const NONE: Self =
        Self { first: [0; BLOCK], has_first: false, last: [[0; BLOCK]; 2], count: 0 };

    /// Fills the ends of what is left of a message, once; returns the blocks between.
    #[allow(clippy::indexing_slicing, reason = "all places are within the blocks")]
    fn set<'a>(&mut self, blocks: usize, head: &[u8], rest: &'a [u8]) -> &'a [Block] {
        let length = (blocks * BLOCK + head.len() + rest.len()) as u64 * 8;
        let last = self.last.as_flattened_mut();
        let mut whole: &[Block] = &[];
        self.has_first = head.len() + rest.len() >= BLOCK;
        let filled = if self.has_first {
            let (begin, rest) = rest.split_at(BLOCK - head.len());
            self.first[..head.len()].copy_from_slice(head);
            self.first[head.len()..].copy_from_slice(begin);
            let (blocks, tail) = rest.as_chunks();
            whole = blocks;
            last[..tail.len()].copy_from_slice(tail);
            tail.len()
        } else {
            last[..head.len()].copy_from_slice(head);
            last[head.len()..][..rest.len()].copy_from_slice(rest);
            head.len() + rest.len()
        };
        // The padding (FIPS 180-4, section 5.1.1): a bit, zeros, and the length.
        last[filled] = 0x80;
        self.count = if filled < BLOCK - LENGTH { 1 } else { 2 };
        last[self.count * BLOCK - LENGTH..self.count * BLOCK]
            .copy_from_slice(&length.to_be_bytes());
        whole
    }

    /// Returns all that is left, in its order.
    fn around<'a>(&'a self, whole: &'a [Block]) -> [&'a [Block]; PARTS] {
        let first = if self.has_first { std::slice::from_ref(&self.first) } else { &[] };
        [first, whole, self.last.get(..self.count).unwrap_or_default()]
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.first.as_mut_slice().zeroize();
        self.last.as_flattened_mut().zeroize();
    }
}

/// Makes the hash of a state, which is wiped.
fn close(state: &mut State, digest: &mut [u8; 32]) {
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(&*state) {
        *bytes = word.to_be_bytes();
    }
    state.as_mut_slice().zeroize();
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn every_length_and_head_is_as_the_sha2_crate_has_it() {
        let bytes: Vec<u8> = (0..400_u32).map(|at| (at * 7) as u8).collect();
        for length in 0..300 {
            for head in [0, 1, 8, 12, 55, 56, 63] {
                let (head, rest) = bytes[..head + length].split_at(head);
                let expected = Sha256::new().chain_update(head).chain_update(rest).finalize();
                assert_eq!(finish(INITIAL, 0, head, rest)[..], expected[..], "{length}");
            }
        }
    }

    #[cfg(feature = "hmac")]
    #[test]
    fn many_together_are_as_each_alone() {
        let bytes: Vec<u8> = (0..3_000_u32).map(|at| (at * 7) as u8).collect();
        for (count, step) in [(0, 1), (1, 1), (9, 0), (16, 0), (16, 13), (16, 61), (12, 100)] {
            let left = std::array::from_fn(|at| bytes[..at * step].split_at(at * step % 9));
            let mut digests = [[0; 32]; LANES];
            finish_lanes(count, &mut [INITIAL; LANES], 0, &left, &mut digests);
            for (digest, (head, rest)) in digests.iter().zip(left).take(count) {
                assert_eq!(*digest, *finish(INITIAL, 0, head, rest));
            }
        }
    }

    #[test]
    fn blocks_before_count_in_the_length() {
        let bytes = [7; 150];
        let mut state = INITIAL;
        Backend::PORTABLE.compress(&mut state, bytes.as_chunks().0);
        let (head, rest) = bytes[128..].split_at(8);
        assert_eq!(finish(state, 2, head, rest), digest(&bytes));
    }
}
