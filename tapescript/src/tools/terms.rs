//! What HTLCs and PTLCs have in common: one claims, or another gets it back later.

use super::time::{Ending, timestamp_after_lock};
use crate::fields::SigFlags;
use crate::op::Op;
use crate::script::Script;

/// Who may claim something, and who gets it back if he does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The key of the receiver, who may claim it at any time.
    pub receiver: [u8; 32],
    /// The key of the owner, who may take it back later.
    pub refund: [u8; 32],
    /// From when on the owner may, in seconds since 1970, UTC.
    ///
    /// It does not end the receiver's right. Leave him the time to use it: the reference takes a day from now.
    pub refund_from: u64,
}

impl Terms {
    /// What the owner's branch begins with.
    pub(super) fn refund_time(&self) -> Script {
        timestamp_after_lock(self.refund_from, Ending::Verify)
    }

    /// Takes a condition, and checks a signature of the receiver's key if it is true, else of the owner's.
    pub(super) fn claim_or_refund(&self, receiver: &[u8; 32], flags: SigFlags) -> Script {
        let claim = Script::default().push_array(receiver);
        let refund = self.refund_time().push_array(&self.refund);
        Script::default().if_else(&claim, &refund).op(Op::CheckSig).byte(flags.0)
    }
}
