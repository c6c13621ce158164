//! Anonymous multi-hop locks: a row of locks that are opened from the last to the first.
//!
//! Source of the construction: Malavolta, Moreno-Sanchez, Schneidewind, Kate, Maffei: Anonymous Multi-Hop Locks for
//! Blockchain Scalability and Interoperability, 2019, the variant for Schnorr signatures.

use std::fmt;

use super::adapter::{adapter_locks, adapter_signature_witness, recover_tweak};
use super::multisig::repeated;
use super::ptlc::ptlc_lock;
use super::terms::Terms;
use crate::crypto;
use crate::error::Error;
use crate::fields::SigFlags;
use crate::op::Op;
use crate::script::Script;

/// The secrets and points of a row of locks, as the first user, the sender, sets them up.
///
/// Between n + 1 users in a row there are n locks, one from each user to the next. Lock i opens with the sum of the
/// secrets 0 to i. The receiver knows the sum of all and opens the last; each opened lock tells the user before how to
/// open his. Users between see two points that nobody can link without their secret.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
///
/// let flags = SigFlags::NONE;
/// // What the sender and a user between sign for: the next one may have something.
/// let (sender, between) = ([1; 32], [2; 32]);
/// let hops = [sender, between].map(|seed| tools::Hop::Final(crypto::public_key(&seed)));
/// let row = tools::Amhl::setup(&[7; 32], 2)?;
/// let locks = row.locks(&hops, flags)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |witness: &Script, lock: &Script| {
///     Machine::new().unlocks(&[witness, lock], Cache::from(&fields))
/// };
/// let adapter = |seed, index: usize| {
///     tools::adapter_witness(seed, &locks[index].point, &fields, flags)
/// };
/// let adapters = [adapter(&sender, 0)?, adapter(&between, 1)?];
/// assert!(opens(&adapters[0], &locks[0].check));
/// assert!(opens(&adapters[1], &locks[1].check));
///
/// // The receiver opens the last lock, and by that tells the user between how to open the first.
/// let signature = tools::decrypt_adapter(&adapters[1], &row.key())?;
/// assert!(opens(&locks[1].witness(&signature, flags), &locks[1].lock));
/// let key = tools::amhl_release_left(&adapters[1], &signature, &locks[1].secret)?;
/// let signature = tools::decrypt_adapter(&adapters[0], &key)?;
/// assert!(opens(&locks[0].witness(&signature, flags), &locks[0].lock));
///
/// // The key of one lock does not open another.
/// let signature = tools::decrypt_adapter(&adapters[0], &row.key())?;
/// assert!(!opens(&locks[0].witness(&signature, flags), &locks[0].lock));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[derive(Clone)]
pub struct Amhl {
    secrets: Vec<[u8; 32]>,
    points: Vec<[u8; 32]>,
    key: [u8; 32],
}

/// What one user of an [`Amhl`] is told by the sender.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AmhlPart {
    /// The sender, who is the first user and has the lock 0 to his right.
    Sender {
        /// His secret, which opens lock 0.
        secret: [u8; 32],
    },
    /// A user between two locks.
    Between {
        /// The point of the lock to the left, which he opens with what the lock to the right tells him.
        left: [u8; 32],
        /// The point of the lock to the right.
        right: [u8; 32],
        /// The difference of what opens the two.
        secret: [u8; 32],
    },
    /// The last user.
    Receiver {
        /// The point of the last lock.
        left: [u8; 32],
        /// What opens it.
        key: [u8; 32],
    },
}

impl AmhlPart {
    /// Whether the points and the secret fit each other, so that the user does not lose what he passes on.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        match self {
            Self::Sender { .. } => true,
            Self::Between { left, right, secret } => crypto::derive_point_from_scalar(secret)
                .and_then(|own| crypto::aggregate_points(&[left, &own]))
                .is_ok_and(|sum| sum == *right),
            Self::Receiver { left, key } => amhl_opens(left, key),
        }
    }
}

/// Who signs at a lock of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hop {
    /// The owner of this key; there is no way back.
    Final([u8; 32]),
    /// The owner of the receiver's key, until it is given back.
    Refundable(Terms),
}

impl Hop {
    /// The key that signs.
    #[must_use]
    pub const fn key(&self) -> &[u8; 32] {
        match self {
            Self::Final(key) => key,
            Self::Refundable(terms) => &terms.receiver,
        }
    }

    fn lock(&self, point: &[u8; 32], secret: &[u8; 32], flags: SigFlags) -> AmhlLock {
        let locks = adapter_locks(self.key(), point, flags);
        let lock = match self {
            Self::Final(_) => locks.signature,
            Self::Refundable(terms) => ptlc_lock(terms, flags),
        };
        AmhlLock { hop: *self, check: locks.check, lock, point: *point, secret: *secret }
    }
}

/// A lock of a row.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AmhlLock {
    /// Who signs.
    pub hop: Hop,
    /// Opens for his adapter signature with the point, as [`AdapterLocks::check`](super::AdapterLocks::check) does.
    pub check: Script,
    /// Opens for the [`witness`](Self::witness) with the signature that is made of that.
    ///
    /// For a [`Hop::Refundable`] it is a [`ptlc_lock`].
    pub lock: Script,
    /// The point of the lock.
    pub point: [u8; 32],
    /// The secret of the user to the left of the lock.
    pub secret: [u8; 32],
}

impl AmhlLock {
    /// What opens the lock; the flags are those of the adapter signature.
    #[must_use]
    pub fn witness(&self, signature: &[u8; 64], flags: SigFlags) -> Script {
        let witness = adapter_signature_witness(signature, flags);
        match self.hop {
            Hop::Final(_) => witness,
            Hop::Refundable(_) => witness.op(Op::True),
        }
    }
}

impl Amhl {
    /// Makes a row of 1 to 255 locks. The same seed makes the same: take 32 random bytes.
    ///
    /// # Errors
    ///
    /// If the seed is empty, or there is no lock.
    pub fn setup(seed: &[u8], locks: u8) -> Result<Self, Error> {
        if seed.is_empty() || locks == 0 {
            return Err(Error::value("a row of locks needs a seed and at least one lock"));
        }
        let mut row = Self { secrets: Vec::new(), points: Vec::new(), key: [0; 32] };
        for index in 0..u64::from(locks) {
            let hash = crypto::sha256(&[seed, &index.to_be_bytes()].concat());
            let secret = crypto::clamp_scalar(&hash, false)?;
            let point = crypto::derive_point_from_scalar(&secret)?;
            let (point, key) = match row.points.last() {
                Some(left) => (
                    crypto::aggregate_points(&[left, &point])?,
                    crypto::scalar_add(&row.key, &secret)?,
                ),
                None => (point, secret),
            };
            row.points.push(point);
            row.secrets.push(secret);
            row.key = key;
        }
        Ok(row)
    }

    /// The locks, one for each hop from the sender on.
    ///
    /// # Errors
    ///
    /// If there are not as many hops as locks, or two have the same key: its owner would make two adapter signatures
    /// with different points, which for the same fields [give away the key](super::adapter_witness).
    pub fn locks(&self, hops: &[Hop], flags: SigFlags) -> Result<Vec<AmhlLock>, Error> {
        if hops.len() != self.points.len() {
            return Err(Error::value(format!(
                "the row has {} locks, not {}",
                self.points.len(),
                hops.len()
            )));
        }
        let keys = hops.iter().map(|hop| *hop.key()).collect::<Vec<_>>();
        if let Some(index) = repeated(&keys).next() {
            return Err(Error::value(format!(
                "hop {index} has the key of another: two adapter signatures would give it away"
            )));
        }
        let each = hops.iter().zip(&self.points).zip(&self.secrets);
        Ok(each.map(|((hop, point), secret)| hop.lock(point, secret, flags)).collect())
    }

    /// What to tell a user, by his number from the sender, 0, to the receiver.
    #[must_use]
    pub fn part(&self, user: usize) -> Option<AmhlPart> {
        let left = user.checked_sub(1).map(|left| self.points.get(left));
        match (left, self.points.get(user), self.secrets.get(user)) {
            (None, _, Some(&secret)) => Some(AmhlPart::Sender { secret }),
            (Some(Some(&left)), Some(&right), Some(&secret)) => {
                Some(AmhlPart::Between { left, right, secret })
            }
            (Some(Some(&left)), None, _) => Some(AmhlPart::Receiver { left, key: self.key }),
            _ => None,
        }
    }

    /// The secrets of the users to the left of each lock.
    #[must_use]
    pub fn secrets(&self) -> &[[u8; 32]] {
        &self.secrets
    }

    /// The points of the locks.
    #[must_use]
    pub fn points(&self) -> &[[u8; 32]] {
        &self.points
    }

    /// What opens the last lock: the sum of all secrets, for the receiver.
    #[must_use]
    pub const fn key(&self) -> [u8; 32] {
        self.key
    }
}

/// Whether a scalar is the key of the lock with this point.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// let row = tools::Amhl::setup(&[7; 32], 2)?;
/// assert!(tools::amhl_opens(&row.points()[1], &row.key()));
/// assert!(!tools::amhl_opens(&row.points()[0], &row.key()));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn amhl_opens(point: &[u8; 32], key: &[u8; 32]) -> bool {
    crypto::derive_point_from_scalar(key).is_ok_and(|own| own == *point)
}

/// The key of the lock to the left, from the adapter signature and the signature of the lock to the right and the
/// secret of the user between.
///
/// ```
/// # use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
/// let row = tools::Amhl::setup(&[7; 32], 2)?;
/// let (seed, flags) = ([1; 32], SigFlags::NONE);
/// let hops = [[2; 32], seed].map(|seed| tools::Hop::Final(crypto::public_key(&seed)));
/// let locks = row.locks(&hops, flags)?;
/// let fields = Fields::new().with::<1>("what is signed");
///
/// // The receiver opens the last lock.
/// let adapter = tools::adapter_witness(&seed, &locks[1].point, &fields, flags)?;
/// let signature = tools::decrypt_adapter(&adapter, &row.key())?;
/// let witness = locks[1].witness(&signature, flags);
/// assert!(Machine::new().unlocks(&[&witness, &locks[1].lock], Cache::from(&fields)));
///
/// // With the secret of the user between, that opens the first.
/// let key = tools::amhl_release_left(&adapter, &signature, &locks[1].secret)?;
/// assert!(tools::amhl_opens(&locks[0].point, &key));
/// let key = tools::amhl_release_left(&adapter, &signature, &locks[0].secret)?;
/// assert!(!tools::amhl_opens(&locks[0].point, &key));
/// # Ok::<(), tapescript::Error>(())
/// ```
///
/// # Errors
///
/// If the witness is not what [`adapter_witness`](super::adapter_witness) makes.
pub fn amhl_release_left(
    witness: &Script,
    signature: &[u8; 64],
    secret: &[u8; 32],
) -> Result<[u8; 32], Error> {
    crypto::scalar_sub(&recover_tweak(witness, signature)?, secret)
}

// Debug shows no secret.

impl fmt::Debug for Amhl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Amhl").field("points", &self.points).finish_non_exhaustive()
    }
}

impl fmt::Debug for AmhlPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sender { .. } => f.debug_struct("Sender").finish_non_exhaustive(),
            Self::Between { left, right, .. } => f
                .debug_struct("Between")
                .field("left", left)
                .field("right", right)
                .finish_non_exhaustive(),
            Self::Receiver { left, .. } => {
                f.debug_struct("Receiver").field("left", left).finish_non_exhaustive()
            }
        }
    }
}

impl fmt::Debug for AmhlLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmhlLock")
            .field("hop", &self.hop)
            .field("check", &self.check)
            .field("lock", &self.lock)
            .field("point", &self.point)
            .finish_non_exhaustive()
    }
}
