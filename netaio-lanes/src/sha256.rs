//! SHA-256 (FIPS 180-4): the counter stream of a key, and the hashing of whole blocks.

#[cfg(all(target_arch = "x86_64", avx512))]
#[allow(clippy::incompatible_msrv)] // Compilers that don't know it leave it out: see build.rs.
pub(crate) mod avx512;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod sha_ni;
pub(crate) mod stream;

pub(crate) use stream::Stream;

use crate::{Backend, dispatch::Task};

/// How many messages are hashed together in wide registers.
pub(crate) const MANY: usize = 16;

/// Fewer than this take less one after the other, with the SHA extensions.
pub(crate) const WORTHWHILE: usize = 10;

/// What is hashed at once.
pub type Block = [u8; 64];

/// What hashing goes on from.
pub type State = [u32; 8];

/// What hashing begins with: section 5.3.3.
pub const INITIAL: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The constants of the rounds: section 4.2.2.
#[cfg(target_arch = "x86_64")]
const ROUNDS: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

impl Backend {
    /// Joins a text with the stream of a key, SHA-256(key, 0), SHA-256(key, 1) and so on, where the
    /// number has 4 bytes, big-endian: it seals the text or opens it.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio_lanes::Backend;
    ///
    /// let (key, mut text) = ([7; 32], *b"attack at dawn");
    /// Backend::detect().xor_counter_stream(&key, &mut text);
    /// Backend::PORTABLE.xor_counter_stream(&key, &mut text);
    /// assert_eq!(&text, b"attack at dawn");
    /// ```
    pub fn xor_counter_stream(self, key: &[u8; 32], text: &mut [u8]) {
        let mut stream = Stream::new(key);
        let (wide, rest) = text.split_at_mut(stream::wide_part(text.len()));
        for text in [wide, rest] {
            self.run(Task::Counter { stream: &mut stream, text });
        }
    }

    /// Goes on hashing with some blocks.
    #[inline]
    pub fn compress(self, state: &mut State, blocks: &[Block]) {
        self.run(Task::Compress { state, blocks });
    }

    /// Goes on hashing two messages, with as many blocks of the one as of the other, in the time of
    /// the one.
    ///
    /// # Panics
    ///
    /// Panics when the numbers of blocks differ.
    #[inline]
    pub fn compress_pair(self, states: [&mut State; 2], blocks: [&[Block]; 2]) {
        assert_eq!(blocks[0].len(), blocks[1].len(), "pairs of blocks");
        self.run(Task::CompressPair { states, blocks });
    }

    /// Goes on hashing many messages, each with blocks of its own, as many as it has.
    ///
    /// # Panics
    ///
    /// Panics when there are more or fewer states than messages.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio_lanes::{Backend, sha256::INITIAL};
    ///
    /// let (one, two) = ([[1; 64]], [[2; 64], [3; 64]]);
    /// let mut states = [INITIAL; 2];
    /// Backend::detect().compress_many(&mut states, &[&one, &two]);
    ///
    /// let mut alone = INITIAL;
    /// Backend::detect().compress(&mut alone, &two);
    /// assert_eq!(states[1], alone);
    /// ```
    pub fn compress_many(self, states: &mut [State], messages: &[&[Block]]) {
        assert_eq!(states.len(), messages.len(), "a state for each message");
        for (states, messages) in states.chunks_mut(MANY).zip(messages.chunks(MANY)) {
            let mut done = 0;
            self.run(Task::CompressMany { states, messages, done: &mut done });
            for (state, blocks) in states.iter_mut().zip(messages) {
                if let Some(left @ [_, ..]) = blocks.get(done..) {
                    self.compress(state, left);
                }
            }
        }
    }

    /// Returns of how many messages on [`compress_many`](Self::compress_many) takes less than to
    /// hash one after the other, if it ever does.
    #[must_use]
    pub fn worthwhile(self) -> Option<usize> {
        self.has_wide_registers().then_some(WORTHWHILE)
    }
}

#[cfg(test)]
mod tests;
