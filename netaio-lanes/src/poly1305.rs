//! Poly1305 (RFC 8439, section 2.5): the MAC of a text under a key that is used once.

#[cfg(all(target_arch = "x86_64", avx512))]
#[allow(clippy::incompatible_msrv)] // Compilers that don't know it leave it out: see build.rs.
pub(crate) mod avx512;
mod field;
pub(crate) mod portable;

pub(crate) use field::{Element, Multiplier};
use zeroize::Zeroize;

use crate::{Backend, dispatch::Task};

/// What is multiplied at once.
pub(crate) type Block = [u8; 16];

/// The lanes of AVX-512, and so the blocks that are added up by themselves.
pub(crate) const LANES: usize = 8;

impl Backend {
    /// Returns the MAC of a text. Two texts under one key would give the key away.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio_lanes::Backend;
    ///
    /// let (key, text) = ([7; 32], b"attack at dawn");
    /// assert_eq!(Backend::detect().poly1305(&key, text), Backend::PORTABLE.poly1305(&key, text));
    /// ```
    #[must_use]
    pub fn poly1305(self, key: &[u8; 32], text: &[u8]) -> [u8; 16] {
        let (halves, _) = key.as_chunks();
        let mut multiplier = Multiplier::clamped(halves[0]);
        let mut sum = Element::default();
        let (blocks, rest) = text.as_chunks();
        let (wide, narrow) = blocks.split_at(blocks.len() - blocks.len() % LANES);
        for blocks in [wide, narrow] {
            self.run(Task::Poly1305 { multiplier: &multiplier, blocks, sum: &mut sum });
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            block[..rest.len()].copy_from_slice(rest);
            block[rest.len()] = 1;
            sum = sum.plus_last(block).times(&multiplier);
        }
        let mac = sum.canonical().wrapping_add(u128::from_le_bytes(halves[1])).to_le_bytes();
        multiplier.zeroize();
        sum.zeroize();
        mac
    }
}

#[cfg(test)]
mod tests {
    use ::poly1305::{Poly1305, universal_hash::KeyInit};

    use super::*;
    use crate::samples::{array, bytes, lengths};

    fn check(backend: Backend, key: &[u8; 32], text: &[u8]) {
        let expected = Poly1305::new(key.into()).compute_unpadded(text);
        let got = backend.poly1305(key, text);
        assert!(got[..] == expected[..], "{backend:?}, {} bytes", text.len());
    }

    #[test]
    fn every_length_is_as_the_poly1305_crate_has_it() {
        for backend in Backend::all() {
            for length in lengths() {
                let text: Vec<u8> = bytes(length).take(length as usize).collect();
                check(backend, &array(!length), &text);
            }
        }
    }

    /// Sums at and about 2^130 - 5, and the largest limbs that can be.
    #[test]
    fn what_overflows_is_reduced() {
        let multipliers = [0_u128, 1, 2, 4, u128::MAX, u128::MAX - 3, 1 << 64, 0xffff_fffc];
        let pads = [0_u128, u128::MAX];
        let bytes = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfc, 0xff];
        let lengths: &[usize] =
            if cfg!(miri) { &[16, 33] } else { &[16, 32, 48, 63, 64, 511, 512, 640, 1024, 4096] };
        for backend in Backend::all() {
            for (multiplier, pad) in multipliers.iter().flat_map(|m| pads.map(|pad| (m, pad))) {
                let mut key = [0; 32];
                key[..16].copy_from_slice(&multiplier.to_le_bytes());
                key[16..].copy_from_slice(&pad.to_le_bytes());
                for &length in lengths {
                    for byte in bytes {
                        let mut text = vec![0xff; length];
                        check(backend, &key, &text);
                        text.fill(byte);
                        check(backend, &key, &text);
                        text[0] = byte.wrapping_add(1);
                        check(backend, &key, &text);
                    }
                }
            }
        }
    }
}
