//! Salsa20 (Bernstein, "The Salsa20 family of stream ciphers", 2007).

#[cfg(all(target_arch = "x86_64", avx512))]
#[allow(clippy::incompatible_msrv)] // Compilers that don't know it leave it out: see build.rs.
pub(crate) mod avx512;
pub(crate) mod portable;

use crate::{Backend, dispatch::Task};

/// How many bytes a block gives.
pub(crate) const LENGTH: usize = 64;

/// The stream of a key and a nonce, from a block on.
#[derive(Clone, Copy)]
pub(crate) struct Stream<'a> {
    pub(crate) key: &'a [u8; 32],
    pub(crate) nonce: &'a [u8; 8],
    /// The number of the first block.
    pub(crate) first: u32,
}

impl<'a> Stream<'a> {
    fn new(key: &'a [u8; 32], nonce: &'a [u8; 8], first: u32, text: &[u8]) -> Self {
        let blocks = text.len().div_ceil(LENGTH) as u64;
        assert!(u64::from(first) + blocks <= 1 << 32, "a stream of Salsa20 is too long");
        Self { key, nonce, first }
    }
}

impl Backend {
    /// Joins a text with the stream of a key and a nonce, from the block `first` on: it seals the text
    /// or opens it.
    ///
    /// # Panics
    ///
    /// Panics when the stream would be longer than 2^32 blocks, which are 256 GiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio_lanes::Backend;
    ///
    /// let mut text = *b"attack at dawn";
    /// Backend::detect().xor_salsa20(&[7; 32], &[1; 8], 0, &mut text);
    /// Backend::PORTABLE.xor_salsa20(&[7; 32], &[1; 8], 0, &mut text);
    /// assert_eq!(&text, b"attack at dawn");
    /// ```
    pub fn xor_salsa20(self, key: &[u8; 32], nonce: &[u8; 8], first: u32, text: &mut [u8]) {
        let stream = Stream::new(key, nonce, first, text);
        self.run(Task::Salsa20 { stream, text, head: None });
    }

    /// Joins a text with the stream of a key and a nonce from the second block on, and another with
    /// the first block: together that takes less time than one after the other.
    ///
    /// # Panics
    ///
    /// Panics when the stream would be longer than 2^32 blocks, which are 256 GiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio_lanes::Backend;
    ///
    /// let (mut head, mut text) = ([0; 64], *b"attack at dawn");
    /// Backend::detect().xor_salsa20_with_head(&[7; 32], &[1; 8], &mut head, &mut text);
    /// Backend::PORTABLE.xor_salsa20(&[7; 32], &[1; 8], 0, &mut head);
    /// Backend::PORTABLE.xor_salsa20(&[7; 32], &[1; 8], 1, &mut text);
    /// assert_eq!((head, &text), ([0; 64], b"attack at dawn"));
    /// ```
    pub fn xor_salsa20_with_head(
        self,
        key: &[u8; 32],
        nonce: &[u8; 8],
        head: &mut [u8; LENGTH],
        text: &mut [u8],
    ) {
        let stream = Stream::new(key, nonce, 1, text);
        self.run(Task::Salsa20 { stream, text, head: Some(head) });
    }
}

#[cfg(test)]
mod tests {
    use ::salsa20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

    use super::*;
    use crate::samples::{array, bytes, lengths};

    #[test]
    fn every_length_and_start_is_as_the_salsa20_crate_has_it() {
        for backend in Backend::all() {
            for length in lengths() {
                let (key, nonce, block) = (array(length), array(!length), length % 5);
                let text: Vec<u8> = bytes(length ^ 7).take(length as usize).collect();
                let (mut expected, mut got) = (text.clone(), text);
                let mut cipher = ::salsa20::Salsa20::new(&key.into(), &nonce.into());
                cipher.seek(u64::from(block) * 64);
                cipher.apply_keystream(&mut expected);
                backend.xor_salsa20(&key, &nonce, block, &mut got);
                assert!(got == expected, "{backend:?}, {length} bytes");
            }
        }
    }

    #[test]
    fn a_head_and_what_follows_are_as_the_salsa20_crate_has_them() {
        for backend in Backend::all() {
            for length in lengths() {
                let (key, nonce) = (array(length), array(!length));
                let whole: Vec<u8> = bytes(length ^ 7).take(LENGTH + length as usize).collect();
                let (mut expected, mut got) = (whole.clone(), whole);
                ::salsa20::Salsa20::new(&key.into(), &nonce.into()).apply_keystream(&mut expected);
                let (head, text) = got.split_first_chunk_mut().expect("it has a first block");
                backend.xor_salsa20_with_head(&key, &nonce, head, text);
                assert!(got == expected, "{backend:?}, {length} bytes");
            }
        }
    }

    #[test]
    #[should_panic(expected = "too long")]
    fn the_counter_does_not_begin_again() {
        Backend::detect().xor_salsa20(&[0; 32], &[0; 8], u32::MAX, &mut [0; 65]);
    }
}
