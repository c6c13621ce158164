//! Hashes: a script or a secret that is shown only when it is used.

use super::sig::hash_check;
use crate::crypto;
use crate::error::Error;
use crate::op::Op;
use crate::script::Script;

/// How many bytes of a SHAKE256 a lock holds.
///
/// Whoever wants to open a lock with something else that has the same hash needs 2 to the power of 8 times the size
/// tries; half the exponent, if it was he who chose what the lock was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashSize(u8);

impl HashSize {
    /// 20 bytes: what locks hold of keys, and [`PreimageHash::shake256`] of a preimage in the reference.
    pub const KEY: Self = Self(20);
    /// 26 bytes: what the reference's script hash lock holds.
    pub const SCRIPT: Self = Self(26);
    /// 32 bytes.
    pub const FULL: Self = Self(32);

    /// A size from 16 to 127 bytes.
    ///
    /// # Errors
    ///
    /// If it is another one. [`lenient`](Self::lenient) refuses less.
    pub fn new(bytes: u8) -> Result<Self, Error> {
        if bytes < 16 {
            return Err(Error::value(format!(
                "a hash of {bytes} bytes can be met by trying: take at least 16"
            )));
        }
        Self::lenient(bytes)
    }

    /// A size from 1 byte on, as the reference takes it: **few bytes open the lock for everybody who tries often
    /// enough**.
    ///
    /// # Errors
    ///
    /// If it is 0 or more than 127 bytes.
    pub fn lenient(bytes: u8) -> Result<Self, Error> {
        match bytes {
            1..=127 => Ok(Self(bytes)),
            _ => Err(Error::value(format!("a hash has 1 to 127 bytes, not {bytes}"))),
        }
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// As many bytes of the SHAKE256.
    pub(super) fn shake256(self, data: &[u8]) -> Vec<u8> {
        crypto::shake256(data, usize::from(self.0))
    }
}

/// A lock that opens for a script with this hash, and what that script asks for.
///
/// Nothing of the script is known until it is used. [`HashSize::SCRIPT`] is the usual size.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let seed = [7; 32];
/// let fields = Fields::new().with::<1>("what is signed");
/// let committed = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
/// let lock = tools::scripthash_lock(&committed, tools::HashSize::SCRIPT);
///
/// let opens = |script: &_| {
///     let signature = tools::single_sig_witness(&seed, &fields, SigFlags::NONE)?;
///     let witness = signature + tools::scripthash_witness(script)?;
///     let cache = Cache::from(&fields);
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, lock.clone()], cache))
/// };
/// assert!(opens(&committed)?);
/// let other = tools::single_sig_lock2(&crypto::public_key(&seed), SigFlags::NONE);
/// assert!(!opens(&other)?);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn scripthash_lock(script: &Script, size: HashSize) -> Script {
    hash_check(Script::default(), script.as_bytes(), size).op(Op::EqualVerify).op(Op::Eval)
}

/// The script that a [`scripthash_lock`] asks for; what the script asks for goes before it.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
/// let (seed, flags) = ([7; 32], SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
/// let committed = tools::single_sig_lock2(&crypto::public_key(&seed), flags);
/// let lock = tools::scripthash_lock(&committed, tools::HashSize::new(32)?);
/// let opens = |witness, lock| Machine::new().unlocks(&[witness, lock], Cache::from(&fields));
/// let signature = tools::single_sig_witness2(&seed, &fields, flags)?;
/// assert!(opens(signature + tools::scripthash_witness(&committed)?, lock.clone()));
/// // The script alone is not enough.
/// assert!(!opens(tools::scripthash_witness(&committed)?, lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the script is empty or has more than 65,535 bytes.
pub fn scripthash_witness(script: &Script) -> Result<Script, Error> {
    Script::default().push(script.as_bytes())
}

/// The hash of a secret, the preimage, that opens an [`htlc_lock`](super::htlc_lock).
///
/// Take 32 random bytes as preimage, and a new one for each lock: what opens one lock opens all with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PreimageHash(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Sha256([u8; 32]),
    Shake256(HashSize, Vec<u8>),
}

impl PreimageHash {
    /// The SHA-256 of a preimage.
    ///
    /// # Errors
    ///
    /// If the preimage is empty or longer than 1,024 bytes: no witness could bring it.
    pub fn sha256(preimage: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_sha256(crypto::sha256(checked(preimage)?)))
    }

    /// A SHA-256 that somebody else made, who knows the preimage.
    #[must_use]
    pub const fn from_sha256(digest: [u8; 32]) -> Self {
        Self(Kind::Sha256(digest))
    }

    /// A SHAKE256 of a preimage; [`HashSize::KEY`] is the usual size.
    ///
    /// # Errors
    ///
    /// If the preimage is empty or longer than 1,024 bytes: no witness could bring it.
    pub fn shake256(preimage: &[u8], size: HashSize) -> Result<Self, Error> {
        Ok(Self(Kind::Shake256(size, size.shake256(checked(preimage)?))))
    }

    /// A SHAKE256 that somebody else made, who knows the preimage.
    ///
    /// # Errors
    ///
    /// If it has another number of bytes than the size says.
    pub fn from_shake256(digest: &[u8], size: HashSize) -> Result<Self, Error> {
        if digest.len() != usize::from(size.get()) {
            return Err(Error::value(format!(
                "a hash of {} bytes was expected, not of {}",
                size.get(),
                digest.len()
            )));
        }
        Ok(Self(Kind::Shake256(size, digest.to_vec())))
    }

    /// The size of the keys' hashes beside this hash.
    pub(super) const fn key_size(&self) -> HashSize {
        match self.0 {
            Kind::Sha256(_) => HashSize::KEY,
            Kind::Shake256(size, _) => size,
        }
    }

    /// Puts whether the item on top is the preimage.
    pub(super) fn check(&self) -> Script {
        let script = Script::default();
        match &self.0 {
            Kind::Sha256(digest) => script.op(Op::Sha256).push_array(digest),
            Kind::Shake256(size, digest) => {
                script.op(Op::Shake256).byte(size.get()).push_sized(digest)
            }
        }
        .op(Op::Equal)
    }
}

fn checked(preimage: &[u8]) -> Result<&[u8], Error> {
    match preimage.len() {
        1..=1024 => Ok(preimage),
        length => Err(Error::value(format!("a preimage has 1 to 1,024 bytes, not {length}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_met_by_trying_or_by_nobody_is_refused() {
        assert!(HashSize::new(15).is_err());
        assert!(HashSize::new(128).is_err());
        assert!(HashSize::lenient(0).is_err());
        assert!(HashSize::lenient(1).is_ok());
        assert!(PreimageHash::sha256(&[]).is_err());
        assert!(PreimageHash::sha256(&[1; 1025]).is_err());
        assert!(PreimageHash::from_shake256(&[1; 19], HashSize::KEY).is_err());
    }
}
