//! Point time lock contracts: the receiver claims with a secret scalar, or the owner gets it back later.

use super::sig::single_sig_witness;
use super::terms::Terms;
use crate::crypto;
use crate::error::Error;
use crate::fields::{Fields, SigFlags};
use crate::op::Op;
use crate::script::Script;

/// A lock that opens for the receiver, or later for the owner.
///
/// For a secret beside the receiver's key see [`ptlc_tweaked_lock`].
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (receiver, owner) = ([1; 32], [2; 32]);
/// let terms = tools::Terms {
///     receiver: crypto::public_key(&receiver),
///     refund: crypto::public_key(&owner),
///     refund_from: 1_700_000_000,
/// };
/// let lock = tools::ptlc_lock(&terms, SigFlags::NONE);
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::ptlc_witness(&receiver, &fields, SigFlags::NONE)?, 1_699_999_999));
/// assert!(!opens(tools::ptlc_witness(&owner, &fields, SigFlags::NONE)?, 1_700_000_000));
///
/// let refund = tools::ptlc_refund_witness(&owner, &fields, SigFlags::NONE)?;
/// assert!(!opens(refund.clone(), 1_699_999_999));
/// assert!(opens(refund, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn ptlc_lock(terms: &Terms, flags: SigFlags) -> Script {
    terms.claim_or_refund(&terms.receiver, flags)
}

/// A [`ptlc_lock`] for whose claim the receiver also needs the scalar of a point: the tweak.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// let (receiver, owner) = ([1; 32], [2; 32]);
/// let tweak = crypto::clamp_scalar(&[9; 32], false)?;
/// let terms = tools::Terms {
///     receiver: crypto::public_key(&receiver),
///     refund: crypto::public_key(&owner),
///     refund_from: 1_700_000_000,
/// };
/// let point = crypto::derive_point_from_scalar(&tweak)?;
/// let lock = tools::ptlc_tweaked_lock(&terms, &point, SigFlags::NONE)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness| Machine::new().unlocks(&[witness, lock.clone()], Cache::from(&fields));
/// assert!(opens(tools::ptlc_tweaked_witness(&receiver, &fields, &tweak, SigFlags::NONE)?));
/// // His key alone is not enough.
/// assert!(!opens(tools::ptlc_witness(&receiver, &fields, SigFlags::NONE)?));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the receiver's key or the point of the tweak is no point of the curve's prime group.
pub fn ptlc_tweaked_lock(
    terms: &Terms,
    tweak_point: &[u8; 32],
    flags: SigFlags,
) -> Result<Script, Error> {
    let receiver = crypto::aggregate_points(&[&terms.receiver, tweak_point])?;
    Ok(terms.claim_or_refund(&receiver, flags))
}

/// The signature with which the receiver opens a [`ptlc_lock`].
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
/// let lock = tools::ptlc_lock(&terms, flags);
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::ptlc_witness(&receiver, &fields, flags)?, 1_600_000_000));
/// assert!(!opens(tools::ptlc_witness(&owner, &fields, flags)?, 1_600_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn ptlc_witness(seed: &[u8; 32], fields: &Fields, flags: SigFlags) -> Result<Script, Error> {
    Ok(single_sig_witness(seed, fields, flags)?.op(Op::True))
}

/// The signature with which the receiver opens a [`ptlc_tweaked_lock`].
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
/// // Any secret can be the tweak, such as the scalar of another key.
/// let tweak = crypto::derive_key_from_seed(&[9; 32]);
/// let lock = tools::ptlc_tweaked_lock(&terms, &crypto::public_key(&[9; 32]), flags)?;
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// let claim = |tweak| tools::ptlc_tweaked_witness(&receiver, &fields, tweak, flags);
/// assert!(opens(claim(&tweak)?, 1_600_000_000));
/// assert!(!opens(claim(&[8; 32])?, 1_600_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes, or key and tweak cancel out.
pub fn ptlc_tweaked_witness(
    seed: &[u8; 32],
    fields: &Fields,
    tweak: &[u8; 32],
    flags: SigFlags,
) -> Result<Script, Error> {
    let secret = crypto::scalar_add(&crypto::derive_key_from_seed(seed), tweak)?;
    let mut signature = crypto::sign_with_scalar(&secret, &fields.message(flags)?, &[])?.to_vec();
    // Here the reference writes the flags even where there are none.
    signature.push(flags.0);
    Ok(Script::default().push(&signature)?.op(Op::True))
}

/// The signature with which the owner opens a [`ptlc_lock`] or a [`ptlc_tweaked_lock`] from the time of the refund on.
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
/// let point = crypto::public_key(&[9; 32]);
/// let lock = tools::ptlc_tweaked_lock(&terms, &point, flags)?;
/// let opens = |witness, at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[witness, lock.clone()], cache)
/// };
/// assert!(opens(tools::ptlc_refund_witness(&owner, &fields, flags)?, 1_700_000_000));
/// assert!(!opens(tools::ptlc_refund_witness(&owner, &fields, flags)?, 1_699_999_999));
/// assert!(!opens(tools::ptlc_refund_witness(&receiver, &fields, flags)?, 1_700_000_000));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the fields are longer than 1,024 bytes.
pub fn ptlc_refund_witness(
    seed: &[u8; 32],
    fields: &Fields,
    flags: SigFlags,
) -> Result<Script, Error> {
    Ok(single_sig_witness(seed, fields, flags)?.op(Op::False))
}
