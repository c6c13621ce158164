//! Taproot: a key whose owner can sign, and a script that is shown only when it is used.

use super::sig::flagged;
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// The key of a taproot lock: the owner's key plus what the commitment makes of it.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let (key, other) = (crypto::public_key(&seed), [8; 32]);
/// let committed = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let root = tools::taproot_root(&key, &committed.commitment())?;
/// let lock = tools::taproot_lock(&key, &committed.commitment(), flags)?;
/// assert_eq!(lock.as_bytes()[2..34], root);
///
/// let witness = tools::taproot_key_witness(&seed, &fields, &committed.commitment(), flags)?;
/// assert!(Machine::new().unlocks(&[witness, lock], Cache::from(&fields)));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the key is no point of the curve's prime group.
pub fn taproot_root(key: &[u8; 32], commitment: &[u8; 32]) -> Result<[u8; 32], Error> {
    let tweak = crypto::derive_point_from_scalar(&tweak(key, commitment)?)?;
    crypto::aggregate_points(&[key, &tweak])
}

fn tweak(key: &[u8; 32], commitment: &[u8; 32]) -> Result<[u8; 32], Error> {
    crypto::clamp_scalar(&crypto::sha256(&[&key[..], commitment].concat()), false)
}

/// A lock that opens for a signature of the key, or for the committed script and what that asks for.
///
/// Nothing of the script is known until it is used. `commitment` is its [`Script::commitment`].
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (seed, other) = ([1; 32], [2; 32]);
/// let (key, flags) = (crypto::public_key(&seed), SigFlags::NONE);
/// let committed = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let lock = tools::taproot_lock(&key, &committed.commitment(), flags)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let by_key = tools::taproot_key_witness(&seed, &fields, &committed.commitment(), flags)?;
/// let by_script =
///     tools::single_sig_witness(&other, &fields, flags)? + tools::taproot_script_witness(&key, &committed)?;
/// for witness in [by_key, by_script] {
///     assert!(Machine::new().unlocks(&[witness, lock.clone()], Cache::from(&fields)));
/// }
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the key is no point of the curve's prime group.
pub fn taproot_lock(
    key: &[u8; 32],
    commitment: &[u8; 32],
    flags: SigFlags,
) -> Result<Script, Error> {
    Ok(Script::default().push_array(&taproot_root(key, commitment)?).op(Op::Taproot).byte(flags.0))
}

/// The signature that opens a [`taproot_lock`] for the owner of its key.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let (key, other) = (crypto::public_key(&seed), [8; 32]);
/// let committed = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let lock = tools::taproot_lock(&key, &committed.commitment(), flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let commitment = committed.commitment();
/// let witness = tools::taproot_key_witness(&seed, &fields, &commitment, flags)?;
/// assert!(opens(witness, lock.clone()));
/// let witness = tools::taproot_key_witness(&other, &fields, &commitment, flags)?;
/// assert!(!opens(witness, lock.clone()));
/// // A bare signature of the key is not enough: it has to be of the key and the commitment.
/// assert!(!opens(tools::single_sig_witness(&seed, &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the flags leave out all fields, or what is left is longer than 1,024 bytes.
pub fn taproot_key_witness(
    seed: &[u8; 32],
    fields: &Fields,
    commitment: &[u8; 32],
    flags: SigFlags,
) -> Result<Script, Error> {
    if flags.0 == 0xff {
        return Err(Error::value(
            "a signature with the flags xff covers no field: leave at least one in",
        ));
    }
    let secret = crypto::derive_key_from_seed(seed);
    let tweak = tweak(&crypto::derive_point_from_scalar(&secret)?, commitment)?;
    let secret = crypto::scalar_add(&secret, &tweak)?;
    let signature = crypto::sign_with_scalar(&secret, &fields.message(flags)?, &[])?;
    Script::default().push(&flagged(signature, flags))
}

/// The committed script and the key, which open a [`taproot_lock`] together with what the script asks for before them.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let (key, other) = (crypto::public_key(&seed), [8; 32]);
/// let committed = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let lock = tools::taproot_lock(&key, &committed.commitment(), flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let signature = tools::single_sig_witness(&other, &fields, flags)?;
/// let witness = signature + tools::taproot_script_witness(&key, &committed)?;
/// assert!(opens(witness, lock.clone()));
/// // Another script is not what the lock commits to.
/// let script = Script::new(vec![0x01]);
/// assert!(!opens(tools::taproot_script_witness(&key, &script)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the script is empty or has more than 65,535 bytes.
pub fn taproot_script_witness(key: &[u8; 32], script: &Script) -> Result<Script, Error> {
    Ok(Script::default().push(script.as_bytes())?.push_array(key))
}

/// A [`taproot_lock`] from other ops than TAPROOT, for readers that want to see how it works.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let (key, other) = (crypto::public_key(&seed), [8; 32]);
/// let committed = tools::single_sig_lock(&crypto::public_key(&other), flags);
/// let commitment = committed.commitment();
/// let lock = tools::nonnative_taproot_lock(&key, &commitment, flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let witness = tools::taproot_key_witness(&seed, &fields, &commitment, flags)?;
/// assert!(opens(witness, lock.clone()));
/// let signature = tools::single_sig_witness(&other, &fields, flags)?;
/// let witness = signature + tools::taproot_script_witness(&key, &committed)?;
/// assert!(opens(witness, lock.clone()));
/// let witness = tools::taproot_key_witness(&other, &fields, &commitment, flags)?;
/// assert!(!opens(witness, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the key is no point of the curve's prime group.
pub fn nonnative_taproot_lock(
    key: &[u8; 32],
    commitment: &[u8; 32],
    flags: SigFlags,
) -> Result<Script, Error> {
    let root = Script::default().push_array(&taproot_root(key, commitment)?);
    let code = [
        &[0x29, 0x00, 0x00, 0x22],
        root.as_bytes(),
        &[0x1d, 0x08, 0x02, 0x20, 0x21, 0x2c, 0x00, 0x14],
        &[
            0x1d, 0x34, 0x00, 0x02, 0x1d, 0x34, 0x01, 0x03, 0x1e, 0x37, 0x1e, 0x4c, 0x00, 0x4f,
            0x1b, 0x02,
        ],
        &[0x2a, 0x00, 0x22, 0x2d, 0x00, 0x04, 0x2a, 0x00, 0x23, flags.0],
    ];
    Ok(Script::new(code.concat()))
}
