//! With AVX-512: sixteen blocks side by side, a word of each in one register.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_ror_epi32, _mm512_shuffle_epi8, _mm512_srli_epi32,
    _mm512_ternarylogic_epi32, _mm512_xor_si512,
};

use bytemuck::must_cast;

use super::{Block, INITIAL, MANY, ROUNDS, State, Stream, WORTHWHILE, stream};
use crate::wide::{count_up, quarters, splat, transpose, words};

/// Runs rounds of all lanes.
macro_rules! rounds {
    ($lanes:ident, $known:ident: $($round:literal)+) => {
        $(round::<$round>(&mut $lanes, $known);)+
    };
}

macro_rules! plain_rounds {
    ($lanes:ident: $($round:literal)+) => {
        $(plain_round::<$round>(&mut $lanes);)+
    };
}

const ALL_BLOCKS: usize = stream::WIDE * stream::LENGTH;

/// Goes on hashing up to sixteen messages for as long as there are blocks of enough of them; returns
/// how many blocks of each that were.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) fn compress(states: &mut [State], messages: &[&[Block]]) -> usize {
    let mut done = 0;
    loop {
        let (mut count, mut shortest): (_, &[Block]) = (0, &[]);
        // Loops and not iterators: the closures of those would not be compiled for wide registers.
        for blocks in messages {
            let left = blocks.get(done..).unwrap_or_default();
            if !left.is_empty() && (count == 0 || left.len() < shortest.len()) {
                shortest = left;
            }
            count += usize::from(!left.is_empty());
        }
        if count < WORTHWHILE {
            return done;
        }
        let end = done + shortest.len();
        // What becomes of a lane without a message does not matter.
        let (mut lanes, mut rows) = ([shortest; MANY], [[State::default(); 2]; MANY]);
        for (at, (state, blocks)) in states.iter().zip(messages).enumerate().take(MANY) {
            lanes[at] = blocks.get(done..end).unwrap_or(shortest);
            rows[at][0] = *state;
        }
        let rows = must_cast(rows);
        let [a, b, c, d, e, f, g, h, ..] = transpose(rows);
        let mut state = [a, b, c, d, e, f, g, h];
        for at in 0..shortest.len() {
            let mut blocks = [[0; 64]; MANY];
            for (block, lane) in blocks.iter_mut().zip(&lanes) {
                *block = lane[at];
            }
            state = hash(state, must_cast(blocks));
        }
        let [a, b, c, d, e, f, g, h] = state;
        let rows = transpose([a, b, c, d, e, f, g, h, a, b, c, d, e, f, g, h]);
        for ((state, row), blocks) in states.iter_mut().zip(rows).zip(messages) {
            if blocks.len() > done {
                [*state, _] = must_cast(row);
            }
        }
        done = end;
    }
}

/// Goes on hashing one block in each lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn hash(before: [__m512i; 8], blocks: [__m512i; MANY]) -> [__m512i; 8] {
    let mut lanes = Lanes { state: before, words: transpose(blocks) };
    for words in &mut lanes.words {
        *words = swap(*words);
    }
    plain_rounds!(lanes:
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60
        61 62 63
    );
    let mut state = lanes.state;
    for (word, before) in state.iter_mut().zip(before) {
        *word = _mm512_add_epi32(*word, before);
    }
    state
}

/// Runs the round `AT` of all lanes, of any blocks.
#[inline]
#[target_feature(enable = "avx512f")]
fn plain_round<const AT: usize>(lanes: &mut Lanes) {
    let words = &mut lanes.words;
    if AT >= 16 {
        let far = _mm512_add_epi32(words[AT % 16], small0_of(words[(AT - 15) % 16]));
        words[AT % 16] = sum([far, words[(AT - 7) % 16], small1_of(words[(AT - 2) % 16])]);
    }
    let added = _mm512_add_epi32(words[AT % 16], splat(ROUNDS[AT]));
    lanes.step(added);
}

/// What depends on the key alone.
struct Known {
    /// The variables after eight rounds.
    state: [u32; 8],
    /// The words of the schedule up to that of round 22, with the counter 0.
    words: [u32; 23],
    /// What those words add to the words of the rounds 23 to 37.
    rest: [u32; 15],
}

impl Known {
    fn new(stream: &Stream) -> Self {
        let mut words = [0; 23];
        let (block, _) = stream.block.as_chunks();
        for (word, bytes) in words.iter_mut().zip(block) {
            *word = u32::from_be_bytes(*bytes);
        }
        for at in 16..23 {
            words[at] = words[at - 16]
                .wrapping_add(small0(words[at - 15]))
                .wrapping_add(words[at - 7])
                .wrapping_add(small1(words[at - 2]));
        }
        let rest = std::array::from_fn(|at| {
            let at = at + 23;
            let known = |at: usize| words.get(at).copied().unwrap_or_default();
            let far = known(at - 16).wrapping_add(small0(known(at - 15)));
            far.wrapping_add(known(at - 7)).wrapping_add(small1(known(at - 2)))
        });
        let mut state = INITIAL;
        for at in 0..8 {
            let [a, b, c, d, e, f, g, h] = state;
            let sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let first = h
                .wrapping_add(sum1)
                .wrapping_add(choice)
                .wrapping_add(ROUNDS[at])
                .wrapping_add(words[at]);
            let sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let majority = (a & b) ^ (a & c) ^ (b & c);
            let second = sum0.wrapping_add(majority);
            state = [first.wrapping_add(second), a, b, c, d.wrapping_add(first), e, f, g];
        }
        Self { state, words, rest }
    }
}

fn small0(word: u32) -> u32 {
    word.rotate_right(7) ^ word.rotate_right(18) ^ (word >> 3)
}

fn small1(word: u32) -> u32 {
    word.rotate_right(17) ^ word.rotate_right(19) ^ (word >> 10)
}

/// Joins a text with the next blocks of a stream.
#[target_feature(enable = "avx512f,avx512bw")]
pub(crate) fn counter(stream: &mut Stream, text: &mut [u8]) {
    let known = Known::new(stream);
    for chunk in text.chunks_mut(ALL_BLOCKS) {
        let count = chunk.len().div_ceil(stream::LENGTH) as u32;
        let keys = blocks(&known, stream.advance(count));
        let (rows, rest) = chunk.as_chunks_mut::<64>();
        for (row, &key) in rows.iter_mut().zip(&keys) {
            *row = must_cast(_mm512_xor_si512(must_cast(*row), key));
        }
        let last: [u8; 64] = must_cast(keys[rows.len() % keys.len()]);
        rest.iter_mut().zip(last).for_each(|(byte, key)| *byte ^= key);
    }
}

/// Returns sixteen blocks of the stream, two in each register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn blocks(known: &Known, counter: u32) -> [__m512i; 8] {
    let state = known.state.map(|word| splat(word));
    let mut lanes = Lanes { state, words: [count_up(counter); 16] };
    rounds!(lanes, known:
        8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35
        36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    let mut state = lanes.state;
    for (word, initial) in state.iter_mut().zip(INITIAL) {
        *word = swap(_mm512_add_epi32(*word, splat(initial)));
    }
    let [a, b, c, d, e, f, g, h] = state;
    let ([low0, low1, low2, low3], [high0, high1, high2, high3]) =
        (words([a, b, c, d]), words([e, f, g, h]));
    let even = quarters([low0, high0, low1, high1]);
    let odd = quarters([low2, high2, low3, high3]);
    must_cast([[even[0], odd[0]], [even[1], odd[1]], [even[2], odd[2]], [even[3], odd[3]]])
}

/// Sixteen hashes in the making.
struct Lanes {
    /// The variables a to h.
    state: [__m512i; 8],
    /// The last words of the schedule, that of round `n` at `n % 16`; of a counter stream only those
    /// that depend on the counter.
    words: [__m512i; 16],
}

impl Lanes {
    /// Runs a round; `added` is the sum of its word and its constant.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn step(&mut self, added: __m512i) {
        let [a, b, c, d, e, f, g, h] = self.state;
        let sum1 = xor3(rotate::<6>(e), rotate::<11>(e), rotate::<25>(e));
        let choice = _mm512_ternarylogic_epi32::<0xca>(e, f, g);
        let first = sum([_mm512_add_epi32(h, added), sum1, choice]);
        let sum0 = xor3(rotate::<2>(a), rotate::<13>(a), rotate::<22>(a));
        let majority = _mm512_ternarylogic_epi32::<0xe8>(a, b, c);
        let second = _mm512_add_epi32(sum0, majority);
        self.state =
            [_mm512_add_epi32(first, second), a, b, c, _mm512_add_epi32(d, first), e, f, g];
    }
}

/// Runs the round `AT` of all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn round<const AT: usize>(lanes: &mut Lanes, known: &Known) {
    let added = if AT < 23 && AT != 8 {
        splat(ROUNDS[AT].wrapping_add(known.words[AT]))
    } else {
        if AT > 8 {
            lanes.words[AT % 16] = word::<AT>(&lanes.words, known);
        }
        _mm512_add_epi32(lanes.words[AT % 16], splat(ROUNDS[AT]))
    };
    lanes.step(added);
}

/// Makes the word of the round `AT`, 23 or later, of those before: what depends on the key alone
/// is known.
#[inline]
#[target_feature(enable = "avx512f")]
fn word<const AT: usize>(words: &[__m512i; 16], known: &Known) -> __m512i {
    let counters = words[8];
    match AT {
        23 => _mm512_add_epi32(splat(known.rest[0]), small0_of(counters)),
        24 => _mm512_add_epi32(splat(known.rest[1]), counters),
        25..30 => _mm512_add_epi32(splat(known.rest[AT - 23]), small1_of(words[(AT - 2) % 16])),
        30..38 => {
            sum([splat(known.rest[AT - 23]), words[(AT - 7) % 16], small1_of(words[(AT - 2) % 16])])
        }
        _ => {
            let far = if AT == 38 { splat(known.words[22]) } else { words[AT % 16] };
            let far = _mm512_add_epi32(far, small0_of(words[(AT - 15) % 16]));
            sum([far, words[(AT - 7) % 16], small1_of(words[(AT - 2) % 16])])
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn small0_of(word: __m512i) -> __m512i {
    xor3(rotate::<7>(word), rotate::<18>(word), _mm512_srli_epi32::<3>(word))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn small1_of(word: __m512i) -> __m512i {
    xor3(rotate::<17>(word), rotate::<19>(word), _mm512_srli_epi32::<10>(word))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rotate<const BITS: i32>(words: __m512i) -> __m512i {
    _mm512_ror_epi32::<BITS>(words)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sum([a, b, c]: [__m512i; 3]) -> __m512i {
    _mm512_add_epi32(_mm512_add_epi32(a, b), c)
}

/// Turns words around into big-endian.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn swap(words: __m512i) -> __m512i {
    let order: [u8; 64] = std::array::from_fn(|at| (at ^ 3) as u8 % 16);
    _mm512_shuffle_epi8(words, must_cast(order))
}
