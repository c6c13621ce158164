//! Constraints on the time, which is the cache's `timestamp`.

use crate::num::Int;
use crate::op::Op;
use crate::script::Script;

/// What a constraint does with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ends a lock: the result stays on the stack.
    Put,
    /// More follows: the script ends with an error if the constraint is not met.
    Verify,
}

/// A lock that opens from a time on, in seconds since 1970, UTC.
///
/// A timestamp that is 60 seconds or more ahead of the clock never opens it.
///
/// ```
/// use tapescript::{Cache, Machine, tools};
///
/// let lock = tools::timestamp_after_lock(1_700_000_000, tools::Ending::Put);
/// assert!(Machine::new().unlocks(&[lock.clone()], Cache::new()));
/// assert!(!Machine::new().unlocks(&[lock], Cache::new().with("timestamp", 1_699_999_999)));
/// ```
#[must_use]
pub fn timestamp_after_lock(at: u64, ending: Ending) -> Script {
    let script = time(at);
    match ending {
        Ending::Put => script.op(Op::CheckTimestamp),
        Ending::Verify => script.op(Op::CheckTimestampVerify),
    }
}

/// A lock that opens before a time, in seconds since 1970, UTC.
///
/// It is [`timestamp_after_lock`] turned round, and so it **opens for a timestamp that is 60 seconds or more ahead of
/// the clock**. The timestamp is the clock's own unless the host sets it: do not set it to what a peer says, or take a
/// [`timestamp_between_lock`] from 0 on, which refuses such a timestamp.
///
/// ```
/// use tapescript::{Cache, Machine, tools};
///
/// let opens = |lock, at: i64| Machine::new().unlocks(&[lock], Cache::new().with("timestamp", at));
/// let lock = tools::timestamp_before_lock(1_700_000_000, tools::Ending::Put);
/// assert!(opens(lock.clone(), 1_699_999_999));
/// assert!(!opens(lock.clone(), 1_700_000_000));
///
/// let far_future = 1 << 40;
/// assert!(opens(lock, far_future));
/// let guarded = tools::timestamp_between_lock(0, 1_700_000_000, tools::Ending::Put);
/// assert!(!opens(guarded, far_future));
/// ```
#[must_use]
pub fn timestamp_before_lock(at: u64, ending: Ending) -> Script {
    let script = time(at).op(Op::CheckTimestamp).op(Op::Not);
    match ending {
        Ending::Put => script,
        Ending::Verify => script.op(Op::Verify),
    }
}

/// A lock that opens from one time on and before another.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, SigFlags, crypto, tools};
///
/// // A signature that counts for an hour.
/// let (seed, fields) = ([7; 32], Fields::new().with::<1>("what is signed"));
/// let time = tools::timestamp_between_lock(1_700_000_000, 1_700_003_600, tools::Ending::Verify);
/// let lock = time + tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
///
/// let witness = tools::single_sig_witness(&seed, &fields, SigFlags::NONE)?;
/// let opens = |at: i64| {
///     let cache = Cache::from(&fields).with("timestamp", at);
///     Machine::new().unlocks(&[&witness, &lock], cache)
/// };
/// assert!(!opens(1_699_999_999));
/// assert!(opens(1_700_000_000));
/// assert!(!opens(1_700_003_600));
/// # Ok::<(), tapescript::Error>(())
/// ```
#[must_use]
pub fn timestamp_between_lock(from: u64, to: u64, ending: Ending) -> Script {
    timestamp_after_lock(from, Ending::Verify) + timestamp_before_lock(to, ending)
}

/// Pushes a time.
pub(super) fn time(at: u64) -> Script {
    Script::default().push_sized(&Int::from_unsigned_bytes(&at.to_be_bytes()).to_bytes())
}
