//! Delegation: a key has others sign for it, for a time.

use std::fmt;
use std::ops::Range;

use super::sig::single_sig_witness;
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// What the owner of a certificate's key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rights {
    /// Sign.
    Sign,
    /// Sign, and where the lock allows chains issue certificates of his own.
    SignAndDelegate,
}

/// A key's word that another key may sign for it, for a time.
///
/// **The key that issues should sign nothing else.** The signature is one over bare bytes, as is a signature of
/// fields: whoever gets the owner to sign fields that happen to be a certificate has one.
///
/// ```
/// use tapescript::{crypto, tools};
/// use tools::{Certificate, Rights};
///
/// let (root, key) = ([1; 32], crypto::public_key(&[2; 32]));
/// let issued = Certificate::issue(&root, &key, 1_700_000_000..1_700_003_600, Rights::Sign)?;
///
/// let received = Certificate::from_bytes(issued.as_bytes())?;
/// assert!(received.is_issued_by(&crypto::public_key(&root)));
/// assert!(!received.is_issued_by(&key));
/// assert_eq!(received.key(), key);
/// assert_eq!(received.validity(), 1_700_000_000..1_700_003_600);
/// assert_eq!(received.rights(), Rights::Sign);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Certificate([u8; Self::LENGTH]);

impl Certificate {
    /// How many bytes a certificate has.
    pub const LENGTH: usize = 105;
    const SIGNED: usize = 41;

    /// Issues a certificate for a key, from one time to before another in seconds since 1970, UTC.
    ///
    /// `seed` is that of the key that the lock holds, or in a chain that of the key of the next certificate.
    ///
    /// # Errors
    ///
    /// If the time is empty, or is not before 2^31 (in 2038), where the format ends.
    pub fn issue(
        seed: &[u8; 32],
        key: &[u8; 32],
        validity: Range<u32>,
        rights: Rights,
    ) -> Result<Self, Error> {
        let Range { start, end } = validity;
        if start >= end || end > i32::MAX as u32 {
            return Err(Error::value(format!(
                "a certificate is valid from one time to a later one before 2^31, not from {start} to {end}"
            )));
        }
        let mut bytes = [0; Self::LENGTH];
        bytes[..32].copy_from_slice(key);
        bytes[32..36].copy_from_slice(&start.to_be_bytes());
        bytes[36..40].copy_from_slice(&end.to_be_bytes());
        bytes[40] = if rights == Rights::SignAndDelegate { 0xff } else { 0 };
        let signature = crypto::sign(seed, &bytes[..Self::SIGNED]);
        bytes[Self::SIGNED..].copy_from_slice(&signature);
        Ok(Self(bytes))
    }

    /// Takes a certificate as it is sent; [`is_issued_by`](Self::is_issued_by) checks its signature.
    ///
    /// # Errors
    ///
    /// If it has not 105 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.try_into().map_err(|_| {
            Error::value(format!("a certificate has {} bytes, not {}", Self::LENGTH, bytes.len()))
        })?;
        Ok(Self(bytes))
    }

    /// The bytes that are sent.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// What the signature covers: key, times and rights.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.0[..Self::SIGNED]
    }

    /// The key that may sign.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        self.part(0)
    }

    /// From when on, and before when, in seconds since 1970, UTC.
    ///
    /// The times are read as a lock does: the reference shows those from 2^31 on as negative.
    #[must_use]
    pub fn validity(&self) -> Range<u32> {
        u32::from_be_bytes(self.part(32))..u32::from_be_bytes(self.part(36))
    }

    /// What the key may do.
    ///
    /// It is read as a lock does, for which any bit will do: the reference shows only `ff` as leave to delegate.
    #[must_use]
    pub fn rights(&self) -> Rights {
        if self.0[40] == 0 { Rights::Sign } else { Rights::SignAndDelegate }
    }

    /// The signature of the key that issued the certificate.
    #[must_use]
    pub fn signature(&self) -> [u8; 64] {
        self.part(Self::SIGNED)
    }

    /// Whether this key issued the certificate.
    #[must_use]
    pub fn is_issued_by(&self, key: &[u8; 32]) -> bool {
        crypto::verify(key, self.signed_bytes(), &self.signature())
    }

    fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.0[at..at + N]);
        part
    }
}

impl fmt::Debug for Certificate {
    /// Shows what it says, without the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("key", &self.key())
            .field("validity", &self.validity())
            .field("rights", &self.rights())
            .finish_non_exhaustive()
    }
}

/// A lock that opens for a signature of a key that has a certificate of this key, while that is valid.
///
/// The key itself does not open it. Certificates can't be taken back, so let their time be short.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// use tools::{Certificate, Rights};
///
/// let (root, delegate) = ([1; 32], [2; 32]);
/// let time = 1_700_000_000..1_700_003_600;
/// let certificate =
///     Certificate::issue(&root, &crypto::public_key(&delegate), time, Rights::Sign)?;
/// let lock = tools::delegate_key_lock(&crypto::public_key(&root), SigFlags::NONE);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |seed, at: i64| {
///     let witness = tools::delegate_key_witness(seed, &certificate, &fields, SigFlags::NONE)?;
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, lock.clone()], cache))
/// };
/// assert!(opens(&delegate, 1_700_000_000)?);
/// assert!(!opens(&delegate, 1_699_999_999)?);
/// assert!(!opens(&delegate, 1_700_003_600)?);
/// assert!(!opens(&root, 1_700_000_000)?);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn delegate_key_lock(key: &[u8; 32], flags: SigFlags) -> Script {
    let check = certificate_check(|script| script.op(Op::Pop0), |script| script.push_array(key));
    check.read_cache(b"d").op(Op::CheckSig).byte(flags.0)
}

/// The signature and the certificate that a [`delegate_key_lock`] asks for.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # use tools::{Certificate, Rights};
/// let (root, delegate, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// let (key, time) = (crypto::public_key(&delegate), 1_700_000_000..1_700_003_600);
/// let certificate = Certificate::issue(&root, &key, time, Rights::Sign)?;
/// let lock = tools::delegate_key_lock(&crypto::public_key(&root), flags);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness| {
///     let cache = Cache::from(&fields).with("timestamp", 1_700_000_000);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::delegate_key_witness(&delegate, &certificate, &fields, flags)?));
/// // The certificate is of no use to others.
/// assert!(!opens(tools::delegate_key_witness(&[3; 32], &certificate, &fields, flags)?));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn delegate_key_witness(
    seed: &[u8; 32],
    certificate: &Certificate,
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    Ok(single_sig_witness(seed, fields, flags)?.push_array(&certificate.0))
}

/// A [`delegate_key_lock`] for chains: a key with the [right](Rights::SignAndDelegate) may issue certificates, too.
///
/// All certificates of a chain have to be valid.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// use tools::{Certificate, Rights};
///
/// let (root, office, clerk) = ([1; 32], [2; 32], [3; 32]);
/// let time = || 1_700_000_000..1_700_003_600;
/// let lock = tools::delegate_key_chain_lock(&crypto::public_key(&root), SigFlags::NONE);
/// let fields = Fields::new().with::<1>("what is signed");
///
/// let opens = |rights| {
///     let of_office = Certificate::issue(&root, &crypto::public_key(&office), time(), rights)?;
///     let of_clerk =
///         Certificate::issue(&office, &crypto::public_key(&clerk), time(), Rights::Sign)?;
///     let chain = [of_clerk, of_office];
///     let witness =
///         tools::delegate_key_chain_witness(&clerk, &chain, &fields, SigFlags::NONE)?;
///     let cache = Cache::from(&fields).with("timestamp", 1_700_000_000);
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, lock.clone()], cache))
/// };
/// assert!(opens(Rights::SignAndDelegate)?);
/// assert!(!opens(Rights::Sign)?);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn delegate_key_chain_lock(key: &[u8; 32], flags: SigFlags) -> Script {
    let delegated = Script::default().read_cache(b"d").op(Op::Call).byte(0);
    let signed = Script::default().read_cache(b"d").op(Op::CheckSig).byte(flags.0);
    let check =
        certificate_check(|script| script.write_cache(b"c"), |script| script.read_cache(b"r"));
    let check = Script::default().write_cache(b"r") + check;
    let check = check.read_cache(b"c").op(Op::And).if_else(&delegated, &signed);
    Script::default().define(0, &check).push_array(key).op(Op::Call).byte(0)
}

/// The signature and the certificates that a [`delegate_key_chain_lock`] asks for.
///
/// The first certificate is that of the key that signs; each is issued by the key of the next, and the last by the
/// lock's key.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # use tools::{Certificate, Rights};
/// let (root, delegate, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// let (key, time) = (crypto::public_key(&delegate), 1_700_000_000..1_700_003_600);
/// let certificate = Certificate::issue(&root, &key, time, Rights::Sign)?;
/// let lock = tools::delegate_key_chain_lock(&crypto::public_key(&root), flags);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |certificates: &[_], at: i64| {
///     let witness = tools::delegate_key_chain_witness(&delegate, certificates, &fields, flags)?;
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, lock.clone()], cache))
/// };
/// assert!(opens(&[certificate], 1_700_000_000)?);
/// assert!(!opens(&[certificate], 1_700_003_600)?);
/// assert!(opens(&[], 1_700_000_000).is_err());
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If there is no certificate, or the fields are longer than 1,024 bytes.
pub fn delegate_key_chain_witness(
    seed: &[u8; 32],
    certificates: &[Certificate],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    let (first, others) = certificates
        .split_first()
        .ok_or_else(|| Error::value("a chain needs at least one certificate"))?;
    let script = single_sig_witness(seed, fields, flags)?.op(Op::False).push_array(&first.0);
    // What is before a certificate says whether one more is below it.
    Ok(others.iter().fold(script, |script, other| script.op(Op::True).push_array(&other.0)))
}

/// Checks time and signature of the certificate on top, and leaves its key in the cache as `d`.
fn certificate_check(
    rights: impl FnOnce(Script) -> Script,
    issuer: impl FnOnce(Script) -> Script,
) -> Script {
    let split = |script: Script, at| script.op(Op::Push0).byte(at).op(Op::Split);
    let script = split(Script::default(), 41).write_cache(b"s").op(Op::Dup);
    let script = rights(split(script, 40));
    let script = split(script, 36).write_cache(b"e");
    let script = split(script, 32).write_cache(b"b").write_cache(b"d");
    let script = script.read_cache(b"b").op(Op::CheckTimestampVerify).read_cache(b"e");
    let script = script.op(Op::CheckTimestamp).op(Op::Not).op(Op::Verify);
    issuer(script.read_cache(b"s").op(Op::Swap2)).op(Op::CheckSigStack).op(Op::Verify)
}
