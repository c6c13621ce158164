//! What is fuzzed, each as a function of bytes: by libFuzzer on nightly, and on any toolchain by
//! `replay`, which runs what is in the corpora.

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

/// A target's name and the function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 16] = [
    ("packify_decode", packify_decode::run),
    ("packify_value", packify_value::run),
    ("frame_chunks", frame_chunks::run),
    ("message", message::run),
    ("hmac_check", hmac_check::run),
    ("ciphers", ciphers::run),
    ("hashcash", hashcash::run),
    ("server_stream", server_stream::run),
    ("udp_stream", udp_stream::run),
    ("peer_table", peer_table::run),
    ("subscriptions", subscriptions::run),
    ("replay_cache", replay_cache::run),
    ("vm_run", vm_run::run),
    ("vm_auth", vm_auth::run),
    ("vm_assemble", vm_assemble::run),
    ("vm_disassemble", vm_disassemble::run),
];
