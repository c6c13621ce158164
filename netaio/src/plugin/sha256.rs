//! SHA-256 of what is in memory already: nothing is copied but the ends, and what was hashed once
//! need not be hashed again.

use netaio_lanes::{
    Backend,
    sha256::{Block, INITIAL, State},
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
#[allow(clippy::indexing_slicing, reason = "all places are within the block")]
pub(super) fn finish(mut state: State, blocks: usize, head: &[u8], rest: &[u8]) -> Digest {
    let backend = Backend::detect();
    let length = (blocks * BLOCK + head.len() + rest.len()) as u64 * 8;
    let (first, rest) = rest.split_at(rest.len().min(BLOCK - head.len()));
    let mut block = Secret::new([0; BLOCK]);
    block[..head.len()].copy_from_slice(head);
    block[head.len()..][..first.len()].copy_from_slice(first);
    let mut filled = head.len() + first.len();
    if filled == BLOCK {
        backend.compress(&mut state, &[*block]);
        let (blocks, tail) = rest.as_chunks();
        backend.compress(&mut state, blocks);
        *block = [0; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        filled = tail.len();
    }
    // The padding (FIPS 180-4, section 5.1.1): a bit, zeros, and the length.
    block[filled] = 0x80;
    if filled >= BLOCK - LENGTH {
        backend.compress(&mut state, &[*block]);
        *block = [0; BLOCK];
    }
    block[BLOCK - LENGTH..].copy_from_slice(&length.to_be_bytes());
    backend.compress(&mut state, &[*block]);
    let mut digest = Secret::new([0; 32]);
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    state.as_mut_slice().zeroize();
    digest
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

    #[test]
    fn blocks_before_count_in_the_length() {
        let bytes = [7; 150];
        let mut state = INITIAL;
        Backend::PORTABLE.compress(&mut state, bytes.as_chunks().0);
        let (head, rest) = bytes[128..].split_at(8);
        assert_eq!(finish(state, 2, head, rest), digest(&bytes));
    }
}
