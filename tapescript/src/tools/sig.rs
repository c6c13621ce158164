//! One key.

use super::hash::HashSize;
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// A lock that asks for a signature of the key; it may leave out the fields of the flags.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let lock = tools::single_sig_lock(&crypto::public_key(&seed), flags);
///
/// let opens = |seed, fields| {
///     let witness = tools::single_sig_witness(seed, fields, flags)?;
///     let cache = Cache::from(&Fields::new().with::<1>("what is signed"));
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, lock.clone()], cache))
/// };
/// assert!(opens(&seed, &fields)?);
/// assert!(!opens(&[8; 32], &fields)?);
/// assert!(!opens(&seed, &Fields::new().with::<1>("something else"))?);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn single_sig_lock(key: &[u8; 32], flags: SigFlags) -> Script {
    Script::default().push_array(key).op(Op::CheckSig).byte(flags.0)
}

/// The signature that [`single_sig_lock`] asks for. By the flags it leaves out fields.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let fields = fields.with::<2>("a remark");
/// // The signature leaves out the remark, and the lock allows that.
/// let flags = SigFlags(0b10);
/// let lock = tools::single_sig_lock(&crypto::public_key(&seed), flags);
/// let witness = tools::single_sig_witness(&seed, &fields, flags)?;
/// let opens = |lock: &Script, fields: &Fields| {
///     Machine::new().unlocks(&[&witness, lock], Cache::from(fields))
/// };
/// assert!(opens(&lock, &fields));
/// let changed = fields.clone().with::<2>("another remark");
/// assert!(opens(&lock, &changed));
/// // A lock without the flag wants all fields signed.
/// let strict = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
/// assert!(!opens(&strict, &fields));
/// # Ok::<(), tapescript::Error>(())
/// ```
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
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let lock = tools::single_sig_lock2(&crypto::public_key(&seed), flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// assert!(opens(tools::single_sig_witness2(&seed, &fields, flags)?, lock.clone()));
/// assert!(!opens(tools::single_sig_witness2(&[8; 32], &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn single_sig_lock2(key: &[u8; 32], flags: SigFlags) -> Script {
    hash_check(Script::default(), key, HashSize::KEY)
        .op(Op::EqualVerify)
        .op(Op::CheckSig)
        .byte(flags.0)
}

/// The signature and the key that [`single_sig_lock2`] asks for.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let lock = tools::single_sig_lock2(&crypto::public_key(&seed), flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// assert!(opens(tools::single_sig_witness2(&seed, &fields, flags)?, lock.clone()));
/// // The key is part of the witness.
/// assert!(!opens(tools::single_sig_witness(&seed, &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
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

/// Puts the hash of the item on top, which stays, and that of other data.
pub(super) fn hash_check(script: Script, data: &[u8], size: HashSize) -> Script {
    script.op(Op::Dup).op(Op::Shake256).byte(size.get()).push_sized(&size.shake256(data))
}

/// A signature of the fields, with the flags behind it where there are any.
fn signature(seed: &[u8; 32], fields: &Fields, flags: SigFlags) -> Result<Vec<u8>, Error> {
    Ok(flagged(crypto::sign(seed, &fields.message(flags)?), flags))
}

/// A signature with the flags behind it where there are any.
pub(super) fn flagged(signature: [u8; 64], flags: SigFlags) -> Vec<u8> {
    let mut signature = signature.to_vec();
    if flags != SigFlags::NONE {
        signature.push(flags.0);
    }
    signature
}
