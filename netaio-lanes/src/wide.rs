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
