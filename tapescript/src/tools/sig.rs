//! One key.

use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// How many bytes of a key's hash the shorter lock holds.
pub(super) const KEY_HASH: u8 = 20;

/// A lock that asks for a signature of the key; it may leave out the fields of the flags.
#[must_use]
pub fn single_sig_lock(key: &[u8; 32], flags: SigFlags) -> Script {
    Script::default().push_array(key).op(Op::CheckSig).byte(flags.0)
}

/// The signature that [`single_sig_lock`] asks for. By the flags it leaves out fields.
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn single_sig_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    Script::default().push(&signature(seed, fields, flags)?)
}

/// A shorter lock that holds only a hash of the key: it is not known before the lock is opened.
#[must_use]
pub fn single_sig_lock2(key: &[u8; 32], flags: SigFlags) -> Script {
    key_hash_check(Script::default(), key, KEY_HASH)
        .op(Op::EqualVerify)
        .op(Op::CheckSig)
        .byte(flags.0)
}

/// The signature and the key that [`single_sig_lock2`] asks for.
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn single_sig_witness2(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    Ok(single_sig_witness(seed, fields, flags)?.push_array(&crypto::public_key(seed)))
}

/// Puts the hash of the item on top and that of the key.
pub(super) fn key_hash_check(script: Script, key: &[u8; 32], length: u8) -> Script {
    let hash = crypto::shake256(key, usize::from(length));
    script.op(Op::Dup).op(Op::Shake256).byte(length).push_short(&hash)
}

/// A signature of the fields, with the flags behind it where there are any.
pub(super) fn signature(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Vec<u8>, Error> {
    let mut signature = crypto::sign(seed, &fields.message(flags)?).to_vec();
    if flags != SigFlags::NONE {
        signature.push(flags.0);
    }
    Ok(signature)
}
