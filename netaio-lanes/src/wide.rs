//! What code for AVX-512 shares: sixteen words in a register, and how sixteen lanes become bytes in
//! order.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_set1_epi32, _mm512_shuffle_i32x4, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use bytemuck::must_cast;

/// Returns a word in all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

/// Returns a number in the first lane, the next one in the second and so on.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn count_up(first: u32) -> __m512i {
    let steps: [u32; 16] = std::array::from_fn(|at| at as u32);
    _mm512_add_epi32(splat(first), must_cast(steps))
}

/// Turns words: quarter `q` of row `r` becomes what had been word `r` of quarter `q` in all rows.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn words([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let [low0, low1] = [_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d)];
    let [high0, high1] = [_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d)];
    [
        _mm512_unpacklo_epi64(low0, low1),
        _mm512_unpackhi_epi64(low0, low1),
        _mm512_unpacklo_epi64(high0, high1),
        _mm512_unpackhi_epi64(high0, high1),
    ]
}

/// Turns quarters: row `r` becomes the quarters `r` of all rows.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn quarters([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let [low0, low1] = [_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0x44>(c, d)];
    let [high0, high1] = [_mm512_shuffle_i32x4::<0xee>(a, b), _mm512_shuffle_i32x4::<0xee>(c, d)];
    [
        _mm512_shuffle_i32x4::<0x88>(low0, low1),
        _mm512_shuffle_i32x4::<0xdd>(low0, low1),
        _mm512_shuffle_i32x4::<0x88>(high0, high1),
        _mm512_shuffle_i32x4::<0xdd>(high0, high1),
    ]
}

/// Makes rows of columns: word `w` of row `r` becomes word `r` of row `w`.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
    let (rows, _) = rows.as_chunks::<4>();
    let [a, b, c, d] = std::array::from_fn(|at| words(rows[at]));
    let [a, b, c, d] = std::array::from_fn(|at| quarters([a[at], b[at], c[at], d[at]]));
    // Word 4 * q + r is quarter q of row r.
    must_cast([
        [a[0], b[0], c[0], d[0]],
        [a[1], b[1], c[1], d[1]],
        [a[2], b[2], c[2], d[2]],
        [a[3], b[3], c[3], d[3]],
    ])
}
