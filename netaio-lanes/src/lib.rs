//! What netaio hashes and enciphers, several blocks side by side.
//!
//! A processor that hashes one block after another leaves most of itself idle: each step waits for
//! the one before. Here independent blocks are worked on together, in the lanes of wide registers
//! or interleaved. The results are those of the plain algorithms.
//!
//! | methods of [`Backend`] | AVX-512 | SHA extensions | anywhere else |
//! |---|---|---|---|
//! | `xor_counter_stream` | 16 blocks | 2 blocks | 1 block, by the `sha2` crate |
//! | `compress`, `compress_pair` | as the next | 1 block of each message | 1 block, by the `sha2` crate |
//! | `compress_many` | 1 block of each of 16 messages, from 10 on | 1 block | 1 block, by the `sha2` crate |
//! | `xor_salsa20` | 16 blocks | as the next | 1 block, by the `salsa20` crate |
//! | `poly1305` | 8 blocks (with IFMA) | as the next | 4 blocks |
//!
//! What the processor can do is looked for when the program runs. Nothing here depends on the
//! secrets in its time: there is no branch on them and no table.
//!
//! Only this crate of netaio has `unsafe` code, in one function: the one that calls what was
//! compiled for instructions that have been looked for.

mod dispatch;
mod poly1305;
mod salsa20;
#[cfg(test)]
mod samples;
pub mod sha256;
#[cfg(all(target_arch = "x86_64", avx512))]
#[allow(clippy::incompatible_msrv)] // Compilers that don't know it leave it out: see build.rs.
mod wide;

pub use dispatch::Backend;
