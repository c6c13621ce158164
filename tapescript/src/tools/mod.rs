//! Locks and witnesses for common needs.
//!
//! A lock is a script that ends with the one item true if a witness, the script before it, brings what it asks for.
//! All keys are Ed25519 keys: 32 bytes, public or seed.
//!
//! ```
//! use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
//!
//! let seed = [7; 32];
//! let fields = Fields::new().with::<1>("what is signed");
//! let lock = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
//! let witness = tools::single_sig_witness(&seed, &fields, SigFlags::NONE)?;
//! assert!(Machine::new().unlocks(&[witness, lock], Cache::from(&fields)));
//! # Ok::<(), tapescript::Error>(())
//! ```
//!
//! | what opens the lock | lock | witness |
//! |---|---|---|
//! | a signature of a key | [`single_sig_lock`], [`single_sig_lock2`] | [`single_sig_witness`], [`single_sig_witness2`] |
//! | signatures of some of several keys | [`multisig_lock`] | [`multisig_witness`] |
//! | time | [`timestamp_after_lock`], [`timestamp_before_lock`], [`timestamp_between_lock`] | none |
//! | a script that is known by its hash | [`scripthash_lock`] | [`scripthash_witness`] |
//! | one of many scripts | [`ScriptTree`] | [`ScriptTree::witness`] |
//! | a key, or a hidden script | [`taproot_lock`] | [`taproot_key_witness`], [`taproot_script_witness`] |
//! | a key, or a script that it signed | [`graftroot_lock`] | [`graftroot_key_witness`], [`graftroot_surrogate_witness`] |
//! | the same, looking like taproot | [`graftap_lock`] | [`graftap_key_witness`], [`graftap_surrogate_witness`] |
//! | a key with a certificate | [`delegate_key_lock`], [`delegate_key_chain_lock`] | [`delegate_key_witness`], [`delegate_key_chain_witness`] |
//! | a preimage and a key, or later another key | [`htlc_lock`], [`htlc2_lock`] | [`htlc_witness`], [`htlc_refund_witness`], … |
//! | a scalar and a key, or later another key | [`ptlc_lock`], [`ptlc_tweaked_lock`] | [`ptlc_witness`], [`ptlc_refund_witness`], … |
//! | a signature that a scalar completes | [`adapter_locks`], [`adapter_lock`] | [`adapter_witness`], [`decrypt_adapter`] |
//! | the lock after it in a row | [`Amhl`] | [`AmhlLock::witness`] |
//!
//! Scripts are joined by `+`: what shall be checked first goes first, and ends with [`Ending::Verify`] where there is a
//! choice. What a committed script asks for goes before the witness that brings the script.
//!
//! # Coming from the reference
//!
//! The bytes are those of the reference, and so are the names without `make_`, but for these:
//!
//! - `…_witness_keyspend` is `…_key_witness`, and `…_witness_scriptspend` is [`taproot_script_witness`] or
//!   [`graftap_surrogate_witness`].
//! - Timeouts are times, since nothing here reads a clock; see [`Terms::refund_from`].
//! - `make_htlc_sha256_lock` and `make_htlc_shake256_lock` are [`htlc_lock`] with a [`PreimageHash`].
//! - `make_adapter_locks_prv` is [`adapter_locks`] with the point of the tweak, which
//!   [`derive_point_from_scalar`](crate::crypto::derive_point_from_scalar) gives, and [`adapter_decrypt`].
//! - `make_delegate_key_cert` is [`Certificate::issue`], `setup_amhl` is [`Amhl::setup`] and [`Amhl::locks`],
//!   `release_left_amhl_lock` is [`amhl_release_left`].
//! - `make_script_tree_…` and `make_merklized_script_…` are [`ScriptTree::prioritized`] and [`ScriptTree::balanced`].
//! - `sign_script_prefix` is left out. If the host's signature extensions change fields, give the tools the changed
//!   [`Fields`](crate::Fields).
//!
//! Refused is what would open a lock for everybody or for too few: a [`multisig_lock`] without quorum or with a key
//! twice, a [`HashSize`] that can be met by trying, a [`ScriptTree`] with two same halves, a row of locks with a key
//! twice. [`multisig_lock_lenient`] and [`HashSize::lenient`] make the first two all the same.

mod adapter;
mod amhl;
mod delegate;
mod graft;
mod hash;
mod htlc;
mod multisig;
mod ptlc;
mod sig;
mod taproot;
mod terms;
mod time;
mod tree;

pub use adapter::{
    AdapterLocks, adapter_decrypt, adapter_lock, adapter_locks, adapter_signature_witness,
    adapter_tweak_witness, adapter_witness, decrypt_adapter, recover_tweak,
};
pub use amhl::{Amhl, AmhlLock, AmhlPart, Hop, amhl_opens, amhl_release_left};
pub use delegate::{
    Certificate, Rights, delegate_key_chain_lock, delegate_key_chain_witness, delegate_key_lock,
    delegate_key_witness,
};
pub use graft::{
    graftap_key_witness, graftap_lock, graftap_surrogate_witness, graftroot_key_witness,
    graftroot_lock, graftroot_surrogate_witness,
};
pub use hash::{HashSize, PreimageHash, scripthash_lock, scripthash_witness};
pub use htlc::{
    htlc_lock, htlc_refund_witness, htlc_witness, htlc2_lock, htlc2_refund_witness, htlc2_witness,
};
pub use multisig::{multisig_lock, multisig_lock_lenient, multisig_witness};
pub use ptlc::{
    ptlc_lock, ptlc_refund_witness, ptlc_tweaked_lock, ptlc_tweaked_witness, ptlc_witness,
};
pub use sig::{single_sig_lock, single_sig_lock2, single_sig_witness, single_sig_witness2};
pub use taproot::{
    nonnative_taproot_lock, taproot_key_witness, taproot_lock, taproot_root, taproot_script_witness,
};
pub use terms::Terms;
pub use time::{Ending, timestamp_after_lock, timestamp_before_lock, timestamp_between_lock};
pub use tree::ScriptTree;
