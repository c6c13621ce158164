//! With the SHA extensions. Their instructions take so long that a second chain of them, of another
//! message or counter, runs in the time of one; more than two gain nothing.

use std::{
    arch::x86_64::{
        __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_set_epi64x,
        _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
        _mm_shuffle_epi32, _mm_xor_si128,
    },
    hint::black_box,
};

use bytemuck::must_cast;

use super::{Block, INITIAL, ROUNDS, State, Stream, stream};

/// One hash in the making, as the instructions want it.
#[derive(Clone, Copy)]
struct Lane {
    /// The variables a, b, e, f, the last in the lowest place.
    abef: __m128i,
    cdgh: __m128i,
    /// The last 16 words of the schedule; those of the rounds `4 * n` are at `n % 4`.
    words: [__m128i; 4],
}

/// Runs four rounds of all lanes, with the words of the schedule at `AT`.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn quad<const LANES: usize, const AT: usize>(lanes: &mut [Lane; LANES], constants: [u32; 4]) {
    for lane in lanes {
        let sum = _mm_add_epi32(lane.words[AT], must_cast(constants));
        lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sum);
        lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32::<0x0e>(sum));
    }
}

/// Makes the words of the schedule at `AT` of all lanes, of those of the 16 rounds before.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn extend<const LANES: usize, const AT: usize>(lanes: &mut [Lane; LANES]) {
    for lane in lanes {
        let [last, third] = [lane.words[(AT + 3) % 4], lane.words[(AT + 2) % 4]];
        let sum = _mm_sha256msg1_epu32(lane.words[AT], lane.words[(AT + 1) % 4]);
        let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(last, third));
        lane.words[AT] = _mm_sha256msg2_epu32(sum, last);
    }
}

/// Runs the rounds from 16 on. The first four of their words may be there already.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn later_rounds<const LANES: usize, const HAS_FIRST: bool>(lanes: &mut [Lane; LANES]) {
    let (constants, _) = ROUNDS.as_chunks::<4>();
    let (constants, _) = constants.as_chunks::<4>();
    let [_, later @ ..] = constants else { return };
    // The compiler would unroll this and put one lane after the other.
    for (at, constants) in black_box(later).iter().enumerate() {
        if at > 0 || !HAS_FIRST {
            extend::<LANES, 0>(lanes);
        }
        quad::<LANES, 0>(lanes, constants[0]);
        extend::<LANES, 1>(lanes);
        quad::<LANES, 1>(lanes, constants[1]);
        extend::<LANES, 2>(lanes);
        quad::<LANES, 2>(lanes, constants[2]);
        extend::<LANES, 3>(lanes);
        quad::<LANES, 3>(lanes, constants[3]);
    }
}

/// Goes on hashing as many blocks of each message.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
pub(crate) fn compress<const LANES: usize>(
    mut states: [&mut State; LANES],
    blocks: [&[Block]; LANES],
) {
    let mut lanes = [Lane { abef: zero(), cdgh: zero(), words: [zero(); 4] }; LANES];
    for (lane, state) in lanes.iter_mut().zip(&states) {
        (lane.abef, lane.cdgh) = load(state);
    }
    for at in 0..blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0) {
        let before = lanes;
        for (lane, blocks) in lanes.iter_mut().zip(&blocks) {
            let (quads, _) = blocks[at].as_chunks::<16>();
            lane.words = std::array::from_fn(|quad| must_cast(quads[quad]));
            for words in &mut lane.words {
                *words = swap(*words);
            }
        }
        let (constants, _) = ROUNDS.as_chunks::<4>();
        quad::<LANES, 0>(&mut lanes, constants[0]);
        quad::<LANES, 1>(&mut lanes, constants[1]);
        quad::<LANES, 2>(&mut lanes, constants[2]);
        quad::<LANES, 3>(&mut lanes, constants[3]);
        later_rounds::<LANES, false>(&mut lanes);
        for (lane, before) in lanes.iter_mut().zip(before) {
            lane.abef = _mm_add_epi32(lane.abef, before.abef);
            lane.cdgh = _mm_add_epi32(lane.cdgh, before.cdgh);
        }
    }
    for (lane, state) in lanes.into_iter().zip(&mut states) {
        **state = must_cast(store(lane.abef, lane.cdgh));
    }
}

/// Joins a text with the next blocks of a stream.
#[target_feature(enable = "sha,sse4.1")]
pub(crate) fn counter(stream: &mut Stream, text: &mut [u8]) {
    let first = first_rounds(stream);
    let (pairs, rest) = text.as_chunks_mut::<{ 2 * stream::LENGTH }>();
    for pair in pairs {
        let [low, high] = blocks(&first, stream.advance(2));
        let (quads, _) = pair.as_chunks_mut::<16>();
        for (quad, key) in quads.iter_mut().zip(low.into_iter().chain(high)) {
            *quad = must_cast(_mm_xor_si128(must_cast(*quad), key));
        }
    }
    if !rest.is_empty() {
        let count = rest.len().div_ceil(stream::LENGTH) as u32;
        let stream = blocks(&first, stream.advance(count));
        let stream: [u8; 2 * stream::LENGTH] = must_cast(stream);
        rest.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
    }
}

/// Runs the eight rounds that depend on the key alone, and makes the words of the schedule that do:
/// those of the rounds 4 to 7 and 16 to 19 and, with the counter 0, those between.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn first_rounds(stream: &Stream) -> Lane {
    let (words, _) = stream.block.as_chunks::<16>();
    let (abef, cdgh) = load(&INITIAL);
    let words = std::array::from_fn(|at| must_cast::<[u8; 16], __m128i>(words[at]));
    let mut lanes = [Lane { abef, cdgh, words }];
    for words in &mut lanes[0].words {
        *words = swap(*words);
    }
    let (constants, _) = ROUNDS.as_chunks::<4>();
    quad::<1, 0>(&mut lanes, constants[0]);
    quad::<1, 1>(&mut lanes, constants[1]);
    let [mut lane] = lanes;
    let [quad0, quad1, quad2, quad3] = lane.words;
    let sum = _mm_sha256msg1_epu32(quad0, quad1);
    let sum = _mm_add_epi32(sum, _mm_alignr_epi8::<4>(quad3, quad2));
    lane.words[0] = _mm_sha256msg2_epu32(sum, quad3);
    lane
}

/// Returns two blocks of the stream.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn blocks(first: &Lane, counter: u32) -> [[__m128i; 2]; 2] {
    const PAIR: usize = 2;
    let mut lanes = [*first; PAIR];
    for (lane, counter) in lanes.iter_mut().zip([counter, counter.wrapping_add(1)]) {
        lane.words[2] = _mm_add_epi32(lane.words[2], must_cast([counter, 0, 0, 0]));
    }
    let (constants, _) = ROUNDS.as_chunks::<4>();
    quad::<PAIR, 2>(&mut lanes, constants[2]);
    quad::<PAIR, 3>(&mut lanes, constants[3]);
    later_rounds::<PAIR, true>(&mut lanes);
    let (abef, cdgh) = load(&INITIAL);
    let mut out = [[zero(); 2]; PAIR];
    for (out, lane) in out.iter_mut().zip(lanes) {
        *out = store(_mm_add_epi32(lane.abef, abef), _mm_add_epi32(lane.cdgh, cdgh));
        *out = [swap(out[0]), swap(out[1])];
    }
    out
}

#[inline]
#[target_feature(enable = "sse4.1")]
fn zero() -> __m128i {
    must_cast([0; 4])
}

/// Turns words around, from big-endian or into it.
#[inline]
#[target_feature(enable = "sse4.1")]
fn swap(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203))
}

/// Brings a state into the order of the instructions.
#[inline]
#[target_feature(enable = "sse4.1")]
fn load(state: &State) -> (__m128i, __m128i) {
    let [dcba, hgfe] = must_cast(*state);
    let cdab = _mm_shuffle_epi32::<0xb1>(dcba);
    let efgh = _mm_shuffle_epi32::<0x1b>(hgfe);
    (_mm_alignr_epi8::<8>(cdab, efgh), _mm_blend_epi16::<0xf0>(efgh, cdab))
}

/// Brings it back.
#[inline]
#[target_feature(enable = "sse4.1")]
fn store(abef: __m128i, cdgh: __m128i) -> [__m128i; 2] {
    let feba = _mm_shuffle_epi32::<0x1b>(abef);
    let dchg = _mm_shuffle_epi32::<0xb1>(cdgh);
    [_mm_blend_epi16::<0xf0>(feba, dchg), _mm_alignr_epi8::<8>(dchg, feba)]
}
