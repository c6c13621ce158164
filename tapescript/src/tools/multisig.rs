//! Some of several keys.

use super::sig::single_sig_witness;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// A lock that asks for signatures of as many of the keys as the quorum says.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let seeds = [[1; 32], [2; 32], [3; 32]];
/// let keys = seeds.map(|seed| crypto::public_key(&seed));
/// let lock = tools::multisig_lock(&keys, 2, SigFlags::NONE)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let witness = tools::multisig_witness(&[&seeds[2], &seeds[0]], &fields, SigFlags::NONE)?;
/// assert!(Machine::new().unlocks(&[witness, lock], Cache::from(&fields)));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the quorum is 0, which anybody could meet, or more than there are keys; if a key is there twice, whose owner
/// would count twice; or if there are more than 255 keys. [`multisig_lock_lenient`] refuses less.
pub fn multisig_lock(keys: &[[u8; 32]], quorum: u8, flags: SigFlags) -> Result<Script, Error> {
    if quorum == 0 {
        return Err(Error::value("a quorum of 0 opens the lock for everybody"));
    }
    count(keys)?;
    if let Some(index) = repeated(keys).next() {
        return Err(Error::value(format!(
            "key {index} is there twice: its owner would count twice"
        )));
    }
    multisig_lock_lenient(keys, quorum, flags)
}

/// [`multisig_lock`] as the reference makes it, with a quorum of 0 and with keys that are there several times.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let key = crypto::public_key(&seed);
/// assert!(tools::multisig_lock(&[key], 0, flags).is_err());
/// let lock = tools::multisig_lock_lenient(&[key], 0, flags)?;
/// // With a quorum of 0 nobody needs to sign.
/// assert!(Machine::new().unlocks(&[Script::default(), lock], Cache::from(&fields)));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the quorum is more than there are distinct keys, or there are more than 255 keys.
pub fn multisig_lock_lenient(
    keys: &[[u8; 32]],
    quorum: u8,
    flags: SigFlags,
) -> Result<Script, Error> {
    let count = count(keys)?;
    let distinct = keys.len() - repeated(keys).count();
    if usize::from(quorum) > distinct {
        return Err(Error::value(format!(
            "a quorum of {quorum} needs as many distinct keys: there are {distinct}"
        )));
    }
    let script = keys.iter().fold(Script::default(), Script::push_array);
    Ok(script.op(Op::CheckMultisig).byte(flags.0).byte(quorum).byte(count))
}

/// The signatures that [`multisig_lock`] asks for, in any order.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let other = [8; 32];
/// let keys = [&seed, &other].map(crypto::public_key);
/// let lock = tools::multisig_lock(&keys, 2, flags)?;
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// assert!(opens(tools::multisig_witness(&[&other, &seed], &fields, flags)?, lock.clone()));
/// assert!(!opens(tools::multisig_witness(&[&seed, &seed], &fields, flags)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn multisig_witness(
    seeds: &[&[u8; 32]],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    let mut witnesses = seeds.iter().map(|seed| single_sig_witness(seed, fields, flags));
    witnesses.try_fold(Script::default(), |all, witness| Ok(all + witness?))
}

fn count(keys: &[[u8; 32]]) -> Result<u8, Error> {
    u8::try_from(keys.len())
        .map_err(|_| Error::value(format!("a lock takes at most 255 keys, not {}", keys.len())))
}

/// Where keys are that were there before.
pub(super) fn repeated(keys: &[[u8; 32]]) -> impl Iterator<Item = usize> {
    (1..keys.len()).filter(|index| keys[..*index].contains(&keys[*index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_for_too_few_is_refused() {
        let keys = [[1; 32], [2; 32], [1; 32]];
        assert!(multisig_lock(&keys[..2], 0, SigFlags::NONE).is_err());
        assert!(multisig_lock(&keys, 2, SigFlags::NONE).is_err());
        assert!(multisig_lock(&keys[..2], 3, SigFlags::NONE).is_err());
        assert!(multisig_lock(&keys[..2], 2, SigFlags::NONE).is_ok());
        assert!(multisig_lock_lenient(&keys, 0, SigFlags::NONE).is_ok());
        assert!(multisig_lock_lenient(&keys, 3, SigFlags::NONE).is_err());
        assert!(multisig_lock_lenient(&[[1; 32]; 255], 1, SigFlags::NONE).is_ok());
        assert!(multisig_lock_lenient(&[[1; 32]; 256], 1, SigFlags::NONE).is_err());
    }
}
