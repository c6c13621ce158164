//! With AVX-512: sixteen blocks side by side, a word of each in one register.

use std::arch::x86_64::{__m512i, _mm512_add_epi32, _mm512_rol_epi32, _mm512_xor_si512};

use bytemuck::must_cast;

use super::{LENGTH, Stream};
use crate::wide::{count_up, splat, transpose};

/// For a shorter text than this sixteen lanes would be too empty.
pub(crate) const WORTHWHILE: usize = 3 * LENGTH;

const BLOCKS: usize = 16;

/// Joins a text with a stream.
#[target_feature(enable = "avx512f")]
pub(crate) fn xor(stream: Stream<'_>, text: &mut [u8]) {
    let mut start = start(stream).map(|word| splat(word));
    start[8] = count_up(stream.first);
    for chunk in text.chunks_mut(BLOCKS * LENGTH) {
        let keys = blocks(&start);
        let (rows, rest) = chunk.as_chunks_mut::<LENGTH>();
        for (row, &key) in rows.iter_mut().zip(&keys) {
            *row = must_cast(_mm512_xor_si512(must_cast(*row), key));
        }
        let last: [u8; LENGTH] = must_cast(keys[rows.len() % BLOCKS]);
        rest.iter_mut().zip(last).for_each(|(byte, key)| *byte ^= key);
        start[8] = _mm512_add_epi32(start[8], splat(BLOCKS as u32));
    }
}

/// Returns the words that the first block begins with.
fn start(stream: Stream<'_>) -> [u32; 16] {
    let (key, _) = stream.key.as_chunks();
    let key = |at: usize| u32::from_le_bytes(key[at]);
    let (nonce, _) = stream.nonce.as_chunks();
    let [nonce0, nonce1] = [nonce[0], nonce[1]].map(u32::from_le_bytes);
    // "expand 32-byte k" stands on the diagonal.
    [
        0x6170_7865,
        key(0),
        key(1),
        key(2),
        key(3),
        0x3320_646e,
        nonce0,
        nonce1,
        stream.first,
        0,
        0x7962_2d32,
        key(4),
        key(5),
        key(6),
        key(7),
        0x6b20_6574,
    ]
}

/// Returns sixteen blocks of the stream, one in each register.
#[inline]
#[target_feature(enable = "avx512f")]
fn blocks(start: &[__m512i; 16]) -> [__m512i; BLOCKS] {
    let mut rows = *start;
    for _ in 0..10 {
        quarter_round::<0, 4, 8, 12>(&mut rows);
        quarter_round::<5, 9, 13, 1>(&mut rows);
        quarter_round::<10, 14, 2, 6>(&mut rows);
        quarter_round::<15, 3, 7, 11>(&mut rows);
        quarter_round::<0, 1, 2, 3>(&mut rows);
        quarter_round::<5, 6, 7, 4>(&mut rows);
        quarter_round::<10, 11, 8, 9>(&mut rows);
        quarter_round::<15, 12, 13, 14>(&mut rows);
    }
    for (row, &start) in rows.iter_mut().zip(start) {
        *row = _mm512_add_epi32(*row, start);
    }
    transpose(rows)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn quarter_round<const A: usize, const B: usize, const C: usize, const D: usize>(
    rows: &mut [__m512i; 16],
) {
    rows[B] = step::<7>(rows[B], rows[A], rows[D]);
    rows[C] = step::<9>(rows[C], rows[B], rows[A]);
    rows[D] = step::<13>(rows[D], rows[C], rows[B]);
    rows[A] = step::<18>(rows[A], rows[D], rows[C]);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn step<const BITS: i32>(changed: __m512i, one: __m512i, other: __m512i) -> __m512i {
    _mm512_xor_si512(changed, _mm512_rol_epi32::<BITS>(_mm512_add_epi32(one, other)))
}
