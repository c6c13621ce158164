use super::*;
use crate::samples::{array, bytes, lengths};

/// Joins with a stream as it is defined, without any of the shortcuts.
fn model(key: &[u8; 32], text: &mut [u8]) {
    use sha2::{Digest, Sha256};
    for (chunk, counter) in text.chunks_mut(32).zip(0_u32..) {
        let stream = Sha256::new().chain_update(key).chain_update(counter.to_be_bytes()).finalize();
        chunk.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
}

#[test]
fn every_length_of_a_counter_stream_is_as_defined() {
    for backend in Backend::all() {
        for length in lengths() {
            let key = array(length);
            let text: Vec<u8> = bytes(!length).take(length as usize).collect();
            let (mut expected, mut got) = (text.clone(), text);
            model(&key, &mut expected);
            backend.xor_counter_stream(&key, &mut got);
            assert!(got == expected, "{backend:?}, {length} bytes");
        }
    }
}

#[test]
fn blocks_are_hashed_as_the_sha2_crate_does_alone_and_in_pairs() {
    for backend in Backend::all() {
        for count in 0..5 {
            let blocks: [Vec<Block>; 2] =
                [1, 2].map(|seed| (0..count).map(|at| array(seed * 100 + at)).collect());
            let mut expected = [INITIAL, INITIAL.map(|word| word.rotate_left(count))];
            let (mut alone, mut pair) = (expected, expected);
            for (state, blocks) in expected.iter_mut().zip(&blocks) {
                sha2::block_api::compress256(state, blocks);
            }
            for (state, blocks) in alone.iter_mut().zip(&blocks) {
                backend.compress(state, blocks);
            }
            assert_eq!(alone, expected, "{backend:?}");
            backend.compress_pair(pair.each_mut(), blocks.each_ref().map(Vec::as_slice));
            assert_eq!(pair, expected, "{backend:?}");
        }
    }
}

#[test]
#[should_panic(expected = "pairs of blocks")]
fn uneven_pairs_are_refused() {
    let mut states = [INITIAL; 2];
    Backend::detect().compress_pair(states.each_mut(), [&[[0; 64]], &[]]);
}

#[test]
fn all_that_this_processor_has_is_tested() {
    let all = Backend::all();
    assert_eq!(all.first(), Some(&Backend::PORTABLE));
    assert_eq!(all.last(), Some(&Backend::detect()));
}
