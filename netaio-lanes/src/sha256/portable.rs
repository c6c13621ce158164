//! With the `sha2` crate, one block after another.

use sha2::block_api::compress256;

use super::{Block, INITIAL, State, Stream, stream};

pub(crate) fn compress(state: &mut State, blocks: &[Block]) {
    compress256(state, blocks);
}

/// Joins a text with the next blocks of a stream.
pub(crate) fn counter(stream: &mut Stream, text: &mut [u8]) {
    for chunk in text.chunks_mut(stream::LENGTH) {
        let counter = stream.advance(1);
        stream.block[32..36].copy_from_slice(&counter.to_be_bytes());
        let mut state = INITIAL;
        compress256(&mut state, std::slice::from_ref(&stream.block));
        let key = state.map(u32::to_be_bytes);
        chunk.iter_mut().zip(key.as_flattened()).for_each(|(byte, key)| *byte ^= key);
    }
}
