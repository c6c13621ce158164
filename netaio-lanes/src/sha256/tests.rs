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
fn many_messages_are_hashed_as_each_alone() {
    // As many blocks as the message's number says: all the same, one more than most, all others.
    let lengths: [fn(u32) -> u32; 4] =
        [|_| 3, |at| 2 + u32::from(at == 5), |at| at * 7 % 5, |at| u32::from(at % 2 == 0)];
    let most = if cfg!(miri) { 11 } else { 40 };
    for backend in Backend::all() {
        for (count, length) in (0..most).flat_map(|count| lengths.map(|length| (count, length))) {
            let messages: Vec<Vec<Block>> = (0..count)
                .map(|at| (0..length(at)).map(|block| array(at * 100 + block)).collect())
                .collect();
            let start = |at: u32| INITIAL.map(|word| word.rotate_left(at));
            let mut expected: Vec<State> = (0..count).map(start).collect();
            let mut got = expected.clone();
            for (state, blocks) in expected.iter_mut().zip(&messages) {
                sha2::block_api::compress256(state, blocks);
            }
            let messages: Vec<&[Block]> = messages.iter().map(Vec::as_slice).collect();
            backend.compress_many(&mut got, &messages);
            assert_eq!(got, expected, "{backend:?}, {count} messages");
        }
    }
}

#[test]
#[should_panic(expected = "a state for each message")]
fn messages_without_a_state_are_refused() {
    Backend::detect().compress_many(&mut [INITIAL], &[&[], &[]]);
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
