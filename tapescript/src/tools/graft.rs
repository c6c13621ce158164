//! Graftroot and graftap: the owner of a key can sign, or have a script stand in for him.

use super::sig::single_sig_witness;
use super::taproot::{taproot_key_witness, taproot_lock, taproot_script_witness};
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// The name under which graftroot keeps the key.
const KEY: &[u8; 1] = b"k";

/// A lock that opens for a signature of the key, or for any script that the key has signed and what that asks for.
///
/// **Use a key that signs nothing else.** A signature of a script is one over its bare bytes, as is a signature of
/// fields: whoever gets the owner to sign fields that happen to be a script can open the lock with it from then on.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
///
/// let (seed, other) = ([1; 32], [2; 32]);
/// let flags = SigFlags::NONE;
/// let lock = tools::graftroot_lock(&crypto::public_key(&seed), flags);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness| Machine::new().unlocks(&[witness, lock.clone()], Cache::from(&fields));
/// assert!(opens(tools::graftroot_key_witness(&seed, &fields, flags)?));
///
/// // The owner lets another key sign for him.
/// let script = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let surrogate = tools::graftroot_surrogate_witness(&seed, &script)?;
/// assert!(opens(tools::single_sig_witness(&other, &fields, flags)? + surrogate));
/// // Nobody else can do that.
/// let surrogate = tools::graftroot_surrogate_witness(&other, &script)?;
/// assert!(!opens(tools::single_sig_witness(&other, &fields, flags)? + surrogate));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn graftroot_lock(key: &[u8; 32], flags: SigFlags) -> Script {
    let key_script = Script::default().read_cache(KEY);
    let by_script = signed_script(&key_script);
    let by_key = key_script.op(Op::CheckSig).byte(flags.0);
    Script::default().push_array(key).write_cache(KEY).if_else(&by_script, &by_key)
}

/// The signature with which the owner of the key opens a [`graftroot_lock`].
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let key = crypto::public_key(&seed);
/// let lock = tools::graftroot_lock(&key, flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// assert!(opens(tools::graftroot_key_witness(&seed, &fields, flags)?, lock.clone()));
/// assert!(!opens(tools::graftroot_key_witness(&[8; 32], &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn graftroot_key_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    Ok(single_sig_witness(seed, fields, flags)?.op(Op::False))
}

/// A script signed by the owner of the key, which opens a [`graftroot_lock`] together with what the script asks for
/// before it.
///
/// It opens every lock of the key, and for ever: the owner can't take it back.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let key = crypto::public_key(&seed);
/// let lock = tools::graftroot_lock(&key, flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// // From 2023-11-14 on, nobody needs to sign any more.
/// let script = tools::timestamp_after_lock(1_700_000_000, tools::Ending::Put);
/// assert!(opens(tools::graftroot_surrogate_witness(&seed, &script)?, lock.clone()));
/// assert!(!opens(tools::graftroot_surrogate_witness(&[8; 32], &script)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the script is empty or has more than 65,535 bytes.
pub fn graftroot_surrogate_witness(seed: &[u8; 32], script: &Script) -> Result<Script, Error> {
    Ok(signed(seed, script)?.op(Op::True))
}

/// A [`graftroot_lock`] that looks like a [`taproot_lock`]: that scripts may stand in is known only when one does.
///
/// As there: **use a key that signs nothing else**.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (seed, other) = ([1; 32], [2; 32]);
/// let flags = SigFlags::NONE;
/// let lock = tools::graftap_lock(&crypto::public_key(&seed), flags)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness| Machine::new().unlocks(&[witness, lock.clone()], Cache::from(&fields));
/// assert!(opens(tools::graftap_key_witness(&seed, &fields, flags)?));
/// assert!(!opens(tools::graftap_key_witness(&other, &fields, flags)?));
///
/// let script = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let surrogate = tools::graftap_surrogate_witness(&seed, &script)?;
/// assert!(opens(tools::single_sig_witness(&other, &fields, flags)? + surrogate));
/// let surrogate = tools::graftap_surrogate_witness(&other, &script)?;
/// assert!(!opens(tools::single_sig_witness(&other, &fields, flags)? + surrogate));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the key is no point of the curve's prime group.
pub fn graftap_lock(key: &[u8; 32], flags: SigFlags) -> Result<Script, Error> {
    taproot_lock(key, &graftap_script(key).commitment(), flags)
}

/// The signature with which the owner of the key opens a [`graftap_lock`].
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let key = crypto::public_key(&seed);
/// let lock = tools::graftap_lock(&key, flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// assert!(opens(tools::graftap_key_witness(&seed, &fields, flags)?, lock.clone()));
/// assert!(!opens(tools::graftap_key_witness(&[8; 32], &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the flags leave out all fields, or what is left is longer than 1,024 bytes.
pub fn graftap_key_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    let script = graftap_script(&crypto::public_key(seed));
    taproot_key_witness(seed, fields, &script.commitment(), flags)
}

/// A script signed by the owner of the key, which opens a [`graftap_lock`] together with what the script asks for
/// before it.
///
/// It opens every lock of the key, and for ever: the owner can't take it back.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let key = crypto::public_key(&seed);
/// let lock = tools::graftap_lock(&key, flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// // From 2023-11-14 on, nobody needs to sign any more.
/// let script = tools::timestamp_after_lock(1_700_000_000, tools::Ending::Put);
/// assert!(opens(tools::graftap_surrogate_witness(&seed, &script)?, lock.clone()));
/// assert!(!opens(tools::graftap_surrogate_witness(&[8; 32], &script)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the script is empty or has more than 65,535 bytes.
pub fn graftap_surrogate_witness(seed: &[u8; 32], script: &Script) -> Result<Script, Error> {
    let key = crypto::public_key(seed);
    Ok(signed(seed, script)? + taproot_script_witness(&key, &graftap_script(&key))?)
}

/// What a graftap lock commits to.
fn graftap_script(key: &[u8; 32]) -> Script {
    signed_script(&Script::default().push_array(key))
}

/// Takes a script and below it the signature of the key that another script puts, and runs the script.
fn signed_script(key: &Script) -> Script {
    let script = Script::default().op(Op::Dup).op(Op::Swap).byte(1).byte(2);
    (script + key.clone()).op(Op::CheckSigStack).op(Op::Verify).op(Op::Eval)
}

/// What [`signed_script`] takes.
fn signed(seed: &[u8; 32], script: &Script) -> Result<Script, Error> {
    Script::default().push_array(&crypto::sign(seed, script.as_bytes())).push(script.as_bytes())
}
