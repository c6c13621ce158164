//! Adapter signatures: signatures that are complete only with a secret scalar, the tweak.

use super::sig::{flagged, single_sig_lock};
use crate::cache::Cache;
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::machine::Machine;
use crate::op::Op;
use crate::script::Script;

/// The two locks around an adapter signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AdapterLocks {
    /// Opens for the adapter signature that [`adapter_witness`] makes: who has it can wait for the tweak.
    pub check: Script,
    /// Opens for the signature that [`decrypt_adapter`] makes of it: a [`single_sig_lock`].
    pub signature: Script,
}

/// The locks for an adapter signature of a key, which the scalar of a point completes.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
///
/// let (seed, flags) = ([1; 32], SigFlags::NONE);
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let locks = tools::adapter_locks(&crypto::public_key(&seed), &point, flags);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness: &Script, lock: &Script| {
///     Machine::new().unlocks(&[witness, lock], Cache::from(&fields))
/// };
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// assert!(opens(&adapter, &locks.check));
/// assert!(!opens(&adapter, &locks.signature));
///
/// // Who knows the tweak makes a signature of it, and who sees that learns the tweak.
/// let signature = tools::decrypt_adapter(&adapter, &tweak)?;
/// assert!(opens(&tools::adapter_signature_witness(&signature, flags), &locks.signature));
/// assert_eq!(tools::recover_tweak(&adapter, &signature)?, tweak);
///
/// let wrong = tools::decrypt_adapter(&adapter, &[8; 32])?;
/// assert!(!opens(&tools::adapter_signature_witness(&wrong, flags), &locks.signature));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn adapter_locks(key: &[u8; 32], tweak_point: &[u8; 32], flags: SigFlags) -> AdapterLocks {
    AdapterLocks {
        check: adapter_check(key, tweak_point, flags),
        signature: single_sig_lock(key, flags),
    }
}

/// Puts whether there is an adapter signature below.
fn adapter_check(key: &[u8; 32], tweak_point: &[u8; 32], flags: SigFlags) -> Script {
    let script = Script::default().op(Op::GetMessage).byte(flags.0);
    script.push_array(tweak_point).push_array(key).op(Op::CheckAdapterSig)
}

/// One lock for both steps: it opens for an adapter signature and above it the tweak.
///
/// The tweak is on show then. [`adapter_locks`] are two locks for two times.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (seed, flags) = ([1; 32], SigFlags::NONE);
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let lock = tools::adapter_lock(&crypto::public_key(&seed), &point, flags);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let opens = |tweak| {
///     let scripts = [tools::adapter_tweak_witness(tweak), adapter.clone(), lock.clone()];
///     Machine::new().unlocks(&scripts, Cache::from(&fields))
/// };
/// assert!(opens(&tweak));
/// assert!(!opens(&[8; 32]));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn adapter_lock(key: &[u8; 32], tweak_point: &[u8; 32], flags: SigFlags) -> Script {
    let kept = Script::default().write_cache(b"R").write_cache(b"sa").write_cache(b"t");
    let put = |script: Script| script.read_cache(b"sa").read_cache(b"R");
    let checked = (put(kept) + adapter_check(key, tweak_point, flags)).op(Op::Verify);
    let decrypted = put(checked).read_cache(b"t").op(Op::DecryptAdapterSig).op(Op::Concat);
    decrypted + single_sig_lock(key, flags)
}

/// An adapter signature: the signature that is complete only with the scalar of the point.
///
/// **Never make two for the same fields with different points.** They share their nonce, which depends on key and
/// fields alone, and whoever sees both can compute the key. If that could happen, add a field with random bytes.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let locks = tools::adapter_locks(&crypto::public_key(&seed), &point, flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// assert!(opens(adapter, locks.check.clone()));
/// let other_key = tools::adapter_witness(&[8; 32], &point, &fields, flags)?;
/// assert!(!opens(other_key, locks.check.clone()));
/// let other_point = tools::adapter_witness(&seed, &crypto::public_key(&[8; 32]), &fields, flags)?;
/// assert!(!opens(other_point, locks.check));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If there is no field, the fields are longer than 1,024 bytes, or the point is not of the curve's prime group.
pub fn adapter_witness(
    seed: &[u8; 32],
    tweak_point: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    if fields.is_empty() {
        return Err(Error::value("a signature needs a field: give at least one of eight"));
    }
    let script = Script::default().push_array(seed).op(Op::GetMessage).byte(flags.0);
    let script = script.push_array(tweak_point).op(Op::MakeAdapterSigPublic);
    let run = Machine::new().run(script.as_bytes(), Cache::from(fields));
    run.result?;
    run.stack.items().iter().rev().try_fold(Script::default(), |all, item| all.push(item))
}

/// Makes the signature of an adapter signature and its tweak.
///
/// With a wrong tweak it makes a wrong signature, as it does of a wrong adapter signature: let
/// [`AdapterLocks::check`] open for one that somebody else made before you rely on it.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let locks = tools::adapter_locks(&crypto::public_key(&seed), &point, flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let opened_by = |tweak| {
///     let signature = tools::decrypt_adapter(&adapter, tweak)?;
///     let witness = tools::adapter_signature_witness(&signature, flags);
///     Ok::<_, tapescript::Error>(opens(witness, locks.signature.clone()))
/// };
/// assert!(opened_by(&tweak)?);
/// assert!(!opened_by(&[8; 32])?);
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the witness is not what [`adapter_witness`] makes, or the tweak is a multiple of the curve's order.
pub fn decrypt_adapter(witness: &Script, tweak: &[u8; 32]) -> Result<[u8; 64], Error> {
    let (adapter, point) = parts(witness)?;
    let tweak = clamped(tweak);
    let tweaked = crypto::aggregate_points(&[point, &crypto::derive_point_from_scalar(&tweak)?])?;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&tweaked);
    signature[32..].copy_from_slice(&crypto::scalar_add(adapter, &tweak)?);
    Ok(signature)
}

/// The tweak, from an adapter signature and the signature that was made of it, modulo the curve's order.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let signature = tools::decrypt_adapter(&adapter, &tweak)?;
/// let recovered = tools::recover_tweak(&adapter, &signature)?;
/// assert_eq!(crypto::derive_point_from_scalar(&recovered)?, point);
/// // It makes the same signature, and opens whatever else the tweak opens.
/// assert_eq!(tools::decrypt_adapter(&adapter, &recovered)?, signature);
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the witness is not what [`adapter_witness`] makes.
pub fn recover_tweak(witness: &Script, signature: &[u8; 64]) -> Result<[u8; 32], Error> {
    let (adapter, _) = parts(witness)?;
    crypto::scalar_sub(&signature[32..], adapter)
}

/// The witness of a signature that [`decrypt_adapter`] made; the flags are those of the adapter signature.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags(0b10));
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let locks = tools::adapter_locks(&crypto::public_key(&seed), &point, flags);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let signature = tools::decrypt_adapter(&adapter, &tweak)?;
/// let witness = tools::adapter_signature_witness(&signature, flags);
/// assert!(opens(witness, locks.signature));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn adapter_signature_witness(signature: &[u8; 64], flags: SigFlags) -> Script {
    Script::default().push_sized(&flagged(*signature, flags))
}

/// The tweak for an [`adapter_lock`]; it goes before the adapter signature.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let lock = tools::adapter_lock(&crypto::public_key(&seed), &point, flags);
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let scripts = [tools::adapter_tweak_witness(&tweak), adapter, lock];
/// assert!(Machine::new().unlocks(&scripts, Cache::from(&fields)));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn adapter_tweak_witness(tweak: &[u8; 32]) -> Script {
    Script::default().push_array(tweak)
}

/// A script that makes the two halves of a signature of the two halves of an adapter signature, with a tweak.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let tweak = [9; 32];
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let locks = tools::adapter_locks(&crypto::public_key(&seed), &point, flags);
/// let adapter = tools::adapter_witness(&seed, &point, &fields, flags)?;
/// let join = Script::new(vec![tapescript::Op::Concat.code()]);
/// let opens = |tweak| {
///     let decrypt = tools::adapter_decrypt(tweak);
///     let scripts = [&adapter, &decrypt, &join, &locks.signature];
///     Machine::new().unlocks(&scripts, Cache::from(&fields))
/// };
/// assert!(opens(&tweak));
/// assert!(!opens(&[8; 32]));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn adapter_decrypt(tweak: &[u8; 32]) -> Script {
    Script::default().push_array(&clamped(tweak)).op(Op::DecryptAdapterSig)
}

/// The scalar and the point of an adapter signature.
fn parts(witness: &Script) -> Result<(&[u8], &[u8]), Error> {
    const PUSH: [u8; 2] = [Op::Push1.code(), 32];
    let code = witness.as_bytes();
    if code.len() == 68 && code[..2] == PUSH && code[34..36] == PUSH {
        Ok((&code[2..34], &code[36..]))
    } else {
        Err(Error::value("an adapter signature is a push of its scalar and one of its point"))
    }
}

/// The tweak as the ops take it.
fn clamped(tweak: &[u8; 32]) -> [u8; 32] {
    let mut tweak = *tweak;
    tweak[31] &= 0b0111_1111;
    tweak
}
