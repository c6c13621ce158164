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
    adapter_tweak, adapter_tweak_witness, adapter_witness, decrypt_adapter,
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
