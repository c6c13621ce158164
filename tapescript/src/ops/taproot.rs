//! Taproot: a key that commits to a script.

use crate::crypto::{aggregate_points, clamp_scalar, derive_point_from_scalar, sha256};
use crate::error::Error;
use crate::limits::cost;
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn taproot(&mut self) -> Result<(), Error> {
        let allowed = self.tape.byte()?;
        let root = self.stack.pull()?;
        if root.len() != 32 {
            return Err(Error::script("OP_TAPROOT: supplied root was not 32 bytes"));
        }
        if self.stack.peek()?.len() != 32 {
            // The key path: a signature of the root.
            self.stack.put(root)?;
            self.extend()?;
            return self.check_sig_with(allowed);
        }
        let (key, script) = (self.stack.pull()?, self.stack.pull()?);
        self.spend(cost::BASE_MULTIPLICATION + 2 * cost::POINT_CHECK + cost::hash(script.len()))?;
        let commitment = sha256(&script);
        let tweak = clamp_scalar(&sha256(&[&key[..], &commitment].concat()), false)?;
        let expected = aggregate_points(&[&derive_point_from_scalar(&tweak)?[..], &key])?;
        if expected[..] != root[..] {
            return self.put_bool(false);
        }
        self.stack.put(script)?;
        self.eval()
    }
}
