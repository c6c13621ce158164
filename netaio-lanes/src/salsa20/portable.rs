//! With the `salsa20` crate.

use ::salsa20::{
    Salsa20,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};

use super::{LENGTH, Stream};

/// Joins a text with a stream, and a head with its very first block.
pub(crate) fn xor(stream: Stream<'_>, text: &mut [u8], head: Option<&mut [u8; LENGTH]>) {
    let mut cipher = Salsa20::new(stream.key.into(), stream.nonce.into());
    if let Some(head) = head {
        cipher.apply_keystream(head);
    } else if stream.first > 0 {
        cipher.seek(u64::from(stream.first) * LENGTH as u64);
    }
    cipher.apply_keystream(text);
}
