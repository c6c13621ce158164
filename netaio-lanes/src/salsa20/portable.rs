//! With the `salsa20` crate.

use ::salsa20::{
    Salsa20,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};

use super::{LENGTH, Stream};

/// Joins a text with a stream.
pub(crate) fn xor(stream: Stream<'_>, text: &mut [u8]) {
    let mut cipher = Salsa20::new(stream.key.into(), stream.nonce.into());
    if stream.first > 0 {
        cipher.seek(u64::from(stream.first) * LENGTH as u64);
    }
    cipher.apply_keystream(text);
}
