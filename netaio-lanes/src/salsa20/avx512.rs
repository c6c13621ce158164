//! With AVX-512: sixteen blocks side by side, a word of each in one register.

use std::arch::x86_64::{__m512i, _mm512_add_epi32, _mm512_rol_epi32, _mm512_xor_si512};

use bytemuck::must_cast;

use super::{LENGTH, Stream};
use crate::wide::{count_up, splat, transpose};

/// For a shorter text than this sixteen lanes would be too empty.
pub(crate) const WORTHWHILE: usize = 3 * LENGTH;

const BLOCKS: usize = 16;

/// Mixes the words of a block, first in columns and then in rows.
macro_rules! double_round {
    ($words:ident, $step:ident) => {
        double_round!($words, $step:
            0 4 8 12, 5 9 13 1, 10 14 2 6, 15 3 7 11,
            0 1 2 3, 5 6 7 4, 10 11 8 9, 15 12 13 14
        );
    };
    ($words:ident, $step:ident: $($a:literal $b:literal $c:literal $d:literal),+) => {$(
        $words[$b] = $step::<7>($words[$b], $words[$a], $words[$d]);
        $words[$c] = $step::<9>($words[$c], $words[$b], $words[$a]);
        $words[$d] = $step::<13>($words[$d], $words[$c], $words[$b]);
        $words[$a] = $step::<18>($words[$a], $words[$d], $words[$c]);
    )+};
}

/// Joins a text with a stream, and a head with its very first block.
#[target_feature(enable = "avx512f")]
pub(crate) fn xor(stream: Stream<'_>, text: &mut [u8], mut head: Option<&mut [u8; LENGTH]>) {
    let mut start = start(stream).map(|word| splat(word));
    start[8] = count_up(stream.first);
    for chunk in text.chunks_mut(BLOCKS * LENGTH) {
        let keys = if let Some(head) = head.take() {
            let (keys, [key]) = blocks(&start, [self::start(Stream { first: 0, ..stream })]);
            xor_block(head, must_cast(key));
            keys
        } else {
            blocks(&start, []).0
        };
        xor_blocks(chunk, &keys);
        start[8] = _mm512_add_epi32(start[8], splat(BLOCKS as u32));
    }
}

/// Joins up to sixteen blocks with their keys.
#[inline]
#[target_feature(enable = "avx512f")]
fn xor_blocks(text: &mut [u8], keys: &[__m512i; BLOCKS]) {
    let (rows, rest) = text.as_chunks_mut::<LENGTH>();
    for (row, &key) in rows.iter_mut().zip(keys) {
        xor_block(row, key);
    }
    let last: [u8; LENGTH] = must_cast(keys[rows.len() % BLOCKS]);
    rest.iter_mut().zip(last).for_each(|(byte, key)| *byte ^= key);
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor_block(block: &mut [u8; LENGTH], key: __m512i) {
    *block = must_cast(_mm512_xor_si512(must_cast(*block), key));
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

/// Returns sixteen blocks of the stream, one in each register, and others that go beside them, by
/// common instructions: the wide ones leave the units of those free.
#[inline]
#[target_feature(enable = "avx512f")]
fn blocks<const N: usize>(
    start: &[__m512i; 16],
    beside: [[u32; 16]; N],
) -> ([__m512i; BLOCKS], [[u32; 16]; N]) {
    let (mut rows, mut others) = (*start, beside);
    for _ in 0..10 {
        double_round!(rows, wide);
        for other in &mut others {
            double_round!(other, narrow);
        }
    }
    for (row, &start) in rows.iter_mut().zip(start) {
        *row = _mm512_add_epi32(*row, start);
    }
    for (other, start) in others.iter_mut().flatten().zip(beside.iter().flatten()) {
        *other = other.wrapping_add(*start);
    }
    (transpose(rows), others)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn wide<const BITS: i32>(changed: __m512i, one: __m512i, other: __m512i) -> __m512i {
    _mm512_xor_si512(changed, _mm512_rol_epi32::<BITS>(_mm512_add_epi32(one, other)))
}

#[inline]
fn narrow<const BITS: u32>(changed: u32, one: u32, other: u32) -> u32 {
    changed ^ one.wrapping_add(other).rotate_left(BITS)
}
