//! Hash time lock contracts: the receiver claims with a secret, or the owner gets it back later.

use super::hash::PreimageHash;
use super::sig::{hash_check, single_sig_witness, single_sig_witness2};
use super::terms::Terms;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// Stands where the preimage would: it has to be something, and no hash that matters is of one zero byte.
const NO_PREIMAGE: &[u8] = &[0];

/// A lock that opens for the receiver with the preimage of a hash, or later for the owner.
///
/// Two locks with the same hash make a swap: who claims one shows the preimage, which opens the other. Let the refund
/// of the one that is claimed first begin later than that of the other.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (receiver, owner) = ([1; 32], [2; 32]);
/// let preimage = [9; 32];
/// let terms = tools::Terms {
///     receiver: crypto::public_key(&receiver),
///     refund: crypto::public_key(&owner),
///     refund_from: 1_700_000_000,
/// };
/// let hash = tools::PreimageHash::sha256(&preimage)?;
/// let lock = tools::htlc_lock(&terms, &hash, SigFlags::NONE);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// let claim = tools::htlc_witness(&receiver, &preimage, &fields, SigFlags::NONE)?;
/// assert!(opens(claim, 1_699_999_999));
/// let guess = tools::htlc_witness(&receiver, &[8; 32], &fields, SigFlags::NONE)?;
/// assert!(!opens(guess, 1_699_999_999));
///
/// let refund = tools::htlc_refund_witness(&owner, &fields, SigFlags::NONE)?;
/// assert!(!opens(refund.clone(), 1_699_999_999));
/// assert!(opens(refund, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn htlc_lock(terms: &Terms, hash: &PreimageHash, flags: SigFlags) -> Script {
    hash.check() + terms.claim_or_refund(&terms.receiver, flags)
}

/// The signature and the preimage with which the receiver opens an [`htlc_lock`].
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # let (receiver, owner, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// # let fields = Fields::new().with::<1>("what is signed");
/// # let terms = tools::Terms {
/// #     receiver: crypto::public_key(&receiver),
/// #     refund: crypto::public_key(&owner),
/// #     refund_from: 1_700_000_000,
/// # };
/// let preimage = [9; 32];
/// let lock = tools::htlc_lock(&terms, &tools::PreimageHash::sha256(&preimage)?, flags);
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::htlc_witness(&receiver, &preimage, &fields, flags)?, 1_600_000_000));
/// assert!(!opens(tools::htlc_witness(&receiver, &[8; 32], &fields, flags)?, 1_600_000_000));
/// assert!(!opens(tools::htlc_witness(&owner, &preimage, &fields, flags)?, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the preimage is empty or has more than 65,535 bytes, or the fields are longer than 1,024 bytes.
pub fn htlc_witness(
    seed: &[u8; 32],
    preimage: &[u8],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    single_sig_witness(seed, fields, flags)?.push(preimage)
}

/// The signature with which the owner opens an [`htlc_lock`] from the time of the refund on.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # let (receiver, owner, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// # let fields = Fields::new().with::<1>("what is signed");
/// # let terms = tools::Terms {
/// #     receiver: crypto::public_key(&receiver),
/// #     refund: crypto::public_key(&owner),
/// #     refund_from: 1_700_000_000,
/// # };
/// let hash = tools::PreimageHash::from_sha256([0x6d; 32]);
/// let lock = tools::htlc_lock(&terms, &hash, flags);
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::htlc_refund_witness(&owner, &fields, flags)?, 1_700_000_000));
/// assert!(!opens(tools::htlc_refund_witness(&owner, &fields, flags)?, 1_699_999_999));
/// assert!(!opens(tools::htlc_refund_witness(&receiver, &fields, flags)?, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn htlc_refund_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    htlc_witness(seed, NO_PREIMAGE, fields, flags)
}

/// An [`htlc_lock`] that holds only hashes of the two keys: they are not known before the lock is opened.
///
/// The hashes have the size of a SHAKE256 of the preimage, or 20 bytes beside a SHA-256.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (receiver, owner) = ([1; 32], [2; 32]);
/// let preimage = [9; 32];
/// let terms = tools::Terms {
///     receiver: crypto::public_key(&receiver),
///     refund: crypto::public_key(&owner),
///     refund_from: 1_700_000_000,
/// };
/// let hash = tools::PreimageHash::shake256(&preimage, tools::HashSize::FULL)?;
/// let lock = tools::htlc2_lock(&terms, &hash, SigFlags::NONE);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// let claim = tools::htlc2_witness(&receiver, &preimage, &fields, SigFlags::NONE)?;
/// assert!(opens(claim, 1_699_999_999));
/// let thief = tools::htlc2_witness(&[3; 32], &preimage, &fields, SigFlags::NONE)?;
/// assert!(!opens(thief, 1_699_999_999));
///
/// let refund = tools::htlc2_refund_witness(&owner, &fields, SigFlags::NONE)?;
/// assert!(!opens(refund.clone(), 1_699_999_999));
/// assert!(opens(refund, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn htlc2_lock(terms: &Terms, hash: &PreimageHash, flags: SigFlags) -> Script {
    let size = hash.key_size();
    let claim = hash_check(Script::default(), &terms.receiver, size);
    let refund = hash_check(terms.refund_time(), &terms.refund, size);
    hash.check().if_else(&claim, &refund).op(Op::EqualVerify).op(Op::CheckSig).byte(flags.0)
}

/// The signature, the key and the preimage with which the receiver opens an [`htlc2_lock`].
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # let (receiver, owner, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// # let fields = Fields::new().with::<1>("what is signed");
/// # let terms = tools::Terms {
/// #     receiver: crypto::public_key(&receiver),
/// #     refund: crypto::public_key(&owner),
/// #     refund_from: 1_700_000_000,
/// # };
/// let preimage = [9; 32];
/// let lock = tools::htlc2_lock(&terms, &tools::PreimageHash::sha256(&preimage)?, flags);
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::htlc2_witness(&receiver, &preimage, &fields, flags)?, 1_600_000_000));
/// assert!(!opens(tools::htlc2_witness(&receiver, &[8; 32], &fields, flags)?, 1_600_000_000));
/// assert!(!opens(tools::htlc2_witness(&owner, &preimage, &fields, flags)?, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the preimage is empty or has more than 65,535 bytes, or the fields are longer than 1,024 bytes.
pub fn htlc2_witness(
    seed: &[u8; 32],
    preimage: &[u8],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    single_sig_witness2(seed, fields, flags)?.push(preimage)
}

/// The signature and the key with which the owner opens an [`htlc2_lock`] from the time of the refund on.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// # let (receiver, owner, flags) = ([1; 32], [2; 32], SigFlags::NONE);
/// # let fields = Fields::new().with::<1>("what is signed");
/// # let terms = tools::Terms {
/// #     receiver: crypto::public_key(&receiver),
/// #     refund: crypto::public_key(&owner),
/// #     refund_from: 1_700_000_000,
/// # };
/// let hash = tools::PreimageHash::from_sha256([0x6d; 32]);
/// let lock = tools::htlc2_lock(&terms, &hash, flags);
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::htlc2_refund_witness(&owner, &fields, flags)?, 1_700_000_000));
/// assert!(!opens(tools::htlc2_refund_witness(&owner, &fields, flags)?, 1_699_999_999));
/// assert!(!opens(tools::htlc2_refund_witness(&receiver, &fields, flags)?, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn htlc2_refund_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    htlc2_witness(seed, NO_PREIMAGE, fields, flags)
}
