use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use crate::sha256::sha_ni;
use crate::{
    poly1305::{self, Element, Multiplier},
    salsa20,
    sha256::{self, Block, State},
};

/// The instructions that this processor has beyond the common ones.
///
/// Whoever holds one knows that they are there: [`detect`](Self::detect) looks for them, and
/// nothing else adds any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Backend {
    /// The SHA extensions, with SSE 4.1.
    sha: bool,
    /// AVX-512: F and BW.
    avx512: bool,
    /// Those, and its multiplication of 52 bits (IFMA).
    avx512_ifma: bool,
}

/// Something to do, by the best instructions that there are for it.
pub(crate) enum Task<'a> {
    /// To join a text with a counter stream.
    Counter { stream: &'a mut sha256::Stream, text: &'a mut [u8] },
    /// To hash blocks of one message.
    Compress { state: &'a mut State, blocks: &'a [Block] },
    /// To hash as many blocks of one message as of another.
    CompressPair { states: [&'a mut State; 2], blocks: [&'a [Block]; 2] },
    /// To hash blocks of up to sixteen messages, where that takes less than one after the other;
    /// `done` becomes how many of each.
    CompressMany { states: &'a mut [State], messages: &'a [&'a [Block]], done: &'a mut usize },
    /// To join a text with a stream of Salsa20, and a head with the block before, its first.
    Salsa20 {
        stream: salsa20::Stream<'a>,
        text: &'a mut [u8],
        head: Option<&'a mut [u8; salsa20::LENGTH]>,
    },
    /// To add up blocks of Poly1305.
    Poly1305 { multiplier: &'a Multiplier, blocks: &'a [poly1305::Block], sum: &'a mut Element },
}

impl Backend {
    /// What is there on any processor.
    pub const PORTABLE: Self = Self { sha: false, avx512: false, avx512_ifma: false };

    /// Returns what this processor has; that is looked for once, and remembered.
    #[must_use]
    #[inline]
    pub fn detect() -> Self {
        static DETECTED: OnceLock<Backend> = OnceLock::new();
        *DETECTED.get_or_init(Self::look)
    }

    #[cold]
    fn look() -> Self {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        {
            let avx512 = cfg!(avx512)
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw");
            Self {
                sha: is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1"),
                avx512,
                avx512_ifma: avx512 && is_x86_feature_detected!("avx512ifma"),
            }
        }
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        Self::PORTABLE
    }

    /// Returns whether registers of 512 bits are there.
    pub(crate) fn has_wide_registers(self) -> bool {
        self.avx512
    }

    /// Returns all that can be made of what this processor has, for tests and benchmarks of each:
    /// the portable one first, the best one last.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let best = Self::detect();
        let mut all = vec![Self::PORTABLE];
        for one in [
            Self { sha: best.sha, ..Self::PORTABLE },
            Self { avx512: best.avx512, ..Self::PORTABLE },
            Self { sha: false, ..best },
            best,
        ] {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn run(self, task: Task<'_>) {
        // SAFETY: a function that was compiled for more than common instructions is called only
        // where `self` says that they are there, and only `detect` makes one that says so.
        #[allow(unsafe_code, reason = "the one call that needs what was looked for")]
        unsafe {
            match task {
                #[cfg(avx512)]
                Task::Counter { stream, text }
                    if self.avx512 && text.len() >= sha256::stream::WORTHWHILE =>
                {
                    sha256::avx512::counter(stream, text);
                }
                Task::Counter { stream, text } if self.sha => sha_ni::counter(stream, text),
                Task::Compress { state, blocks } if self.sha => sha_ni::compress([state], [blocks]),
                Task::CompressPair { states, blocks } if self.sha => {
                    sha_ni::compress(states, blocks);
                }
                #[cfg(avx512)]
                Task::CompressMany { states, messages, done } if self.avx512 => {
                    *done = sha256::avx512::compress(states, messages);
                }
                #[cfg(avx512)]
                Task::Salsa20 { stream, text, head }
                    if self.avx512 && text.len() >= salsa20::avx512::WORTHWHILE =>
                {
                    salsa20::avx512::xor(stream, text, head);
                }
                #[cfg(avx512)]
                Task::Poly1305 { multiplier, blocks, sum }
                    if self.avx512_ifma && blocks.len() >= poly1305::avx512::WORTHWHILE =>
                {
                    poly1305::avx512::add_up(multiplier, blocks, sum);
                }
                task => run_anywhere(task),
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn run(self, task: Task<'_>) {
        run_anywhere(task);
    }
}

/// Does something with common instructions.
fn run_anywhere(task: Task<'_>) {
    match task {
        Task::Counter { stream, text } => sha256::portable::counter(stream, text),
        Task::Compress { state, blocks } => sha256::portable::compress(state, blocks),
        Task::CompressPair { states: [one, other], blocks } => {
            sha256::portable::compress(one, blocks[0]);
            sha256::portable::compress(other, blocks[1]);
        }
        Task::CompressMany { .. } => {}
        Task::Salsa20 { stream, text, head } => salsa20::portable::xor(stream, text, head),
        Task::Poly1305 { multiplier, blocks, sum } => {
            poly1305::portable::add_up(multiplier, blocks, sum);
        }
    }
}
