//! With AVX-512 and its multiplication of 52 bits: eight blocks side by side.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_or_si512, _mm512_set1_epi64, _mm512_slli_epi64, _mm512_srli_epi64,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use bytemuck::must_cast;

use super::{
    Block, LANES,
    field::{BITS42, BITS44, Element, Multiplier},
};

/// For fewer blocks than this the powers of the key would cost more than the lanes gain.
pub(crate) const WORTHWHILE: usize = 4 * LANES;

/// The block that is in each lane, of eight: see [`load`].
const ORDER: [usize; LANES] = [0, 4, 1, 5, 2, 6, 3, 7];

/// A number in each lane, in limbs of 44, 44 and 42 bits.
type Numbers = [__m512i; 3];

/// What each is multiplied with.
struct Multipliers {
    limbs: Numbers,
    folded: [__m512i; 2],
}

/// Adds up blocks, a multiple of eight and at least as many.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(crate) fn add_up(multiplier: &Multiplier, blocks: &[Block], sum: &mut Element) {
    let (groups, _) = blocks.as_chunks::<LANES>();
    let Some((last, groups)) = groups.split_last() else { return };
    // The first of eight blocks is multiplied eight times, the last once.
    let powers = multiplier.powers::<LANES>();
    let all = multipliers([powers[LANES - 1]; LANES]);
    let each = multipliers(ORDER.map(|block| powers[LANES - 1 - block]));
    let first = sum.0.map(|limb| must_cast([limb, 0, 0, 0, 0, 0, 0, 0]));
    let mut sums: Numbers = first;
    for group in groups {
        sums = times(plus(sums, load(group)), &all);
    }
    sums = times(plus(sums, load(last)), &each);
    // Eight limbs of 45 bits fit into 64.
    let limbs = sums.map(|limb| must_cast::<_, [u64; LANES]>(limb).into_iter().sum());
    *sum = Element(limbs).carried();
}

#[inline]
#[target_feature(enable = "avx512f")]
fn multipliers(each: [Multiplier; LANES]) -> Multipliers {
    Multipliers {
        limbs: std::array::from_fn(|limb| must_cast(each.map(|one| one.limbs[limb]))),
        folded: std::array::from_fn(|limb| must_cast(each.map(|one| one.folded[limb]))),
    }
}

/// Cuts eight blocks into limbs, each with a bit above it.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(blocks: &[Block; LANES]) -> Numbers {
    let [front, back]: [__m512i; 2] = must_cast(*blocks);
    let (low, high) = (_mm512_unpacklo_epi64(front, back), _mm512_unpackhi_epi64(front, back));
    let middle = _mm512_or_si512(_mm512_srli_epi64::<44>(low), _mm512_slli_epi64::<20>(high));
    let top = _mm512_or_si512(_mm512_srli_epi64::<24>(high), splat(1 << 40));
    [_mm512_and_si512(low, splat(BITS44)), _mm512_and_si512(middle, splat(BITS44)), top]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn plus([x, y, z]: Numbers, [a, b, c]: Numbers) -> Numbers {
    [_mm512_add_epi64(x, a), _mm512_add_epi64(y, b), _mm512_add_epi64(z, c)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn times([x, y, z]: Numbers, by: &Multipliers) -> Numbers {
    let ([a, b, c], [b20, c20]) = (by.limbs, by.folded);
    let low = products([(x, a), (y, c20), (z, b20)]);
    let middle = products([(x, b), (y, a), (z, c20)]);
    let high = products([(x, c), (y, b), (z, a)]);
    // The upper half of a product is worth 2^52, 8 bits more than the next limb.
    let carry = _mm512_add_epi64(_mm512_srli_epi64::<44>(low.0), _mm512_slli_epi64::<8>(low.1));
    let sum = _mm512_add_epi64(middle.0, carry);
    let middle_limb = _mm512_and_si512(sum, splat(BITS44));
    let carry = _mm512_add_epi64(_mm512_srli_epi64::<44>(sum), _mm512_slli_epi64::<8>(middle.1));
    let sum = _mm512_add_epi64(high.0, carry);
    let high_limb = _mm512_and_si512(sum, splat(BITS42));
    let carry = _mm512_add_epi64(_mm512_srli_epi64::<42>(sum), _mm512_slli_epi64::<10>(high.1));
    // 2^130 is 5.
    let five = _mm512_add_epi64(carry, _mm512_slli_epi64::<2>(carry));
    let sum = _mm512_add_epi64(_mm512_and_si512(low.0, splat(BITS44)), five);
    let middle_limb = _mm512_add_epi64(middle_limb, _mm512_srli_epi64::<44>(sum));
    [_mm512_and_si512(sum, splat(BITS44)), middle_limb, high_limb]
}

/// Returns the sums of the lower and of the upper 52 bits of three products.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn products(pairs: [(__m512i, __m512i); 3]) -> (__m512i, __m512i) {
    let (mut low, mut high) = (splat(0), splat(0));
    for (one, other) in pairs {
        low = _mm512_madd52lo_epu64(low, one, other);
        high = _mm512_madd52hi_epu64(high, one, other);
    }
    (low, high)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(number: u64) -> __m512i {
    _mm512_set1_epi64(number.cast_signed())
}
