//! What is fuzzed, each as a function of bytes: by libFuzzer on nightly, and on any toolchain by the
//! test `fuzz_corpus`, which runs what is in the corpora.

pub mod ciphers;
pub mod frame_chunks;
pub mod hashcash;
pub mod hmac_check;
mod input;
pub mod message;
pub mod packify_decode;
pub mod packify_value;
pub mod peer_table;
pub mod replay_cache;
pub mod server_stream;
pub mod subscriptions;
pub mod udp_stream;
pub mod vm_assemble;
pub mod vm_auth;
pub mod vm_disassemble;
pub mod vm_run;
