//! Constraints on the time.

use crate::error::Error;
use crate::flags::{EPOCH_THRESHOLD, TS_THRESHOLD};
use crate::num::Int;
use crate::value::{Key, Value};
use crate::vm::Vm;

impl Vm<'_> {
    /// The constraint is the earliest timestamp; one too far ahead of the clock does not count.
    pub(super) fn check_timestamp(&mut self) -> Result<(), Error> {
        let constraint =
            self.pull_constraint("OP_CHECK_TIMESTAMP malformed constraint encountered")?;
        let timestamp = match self.cache.get(&Key::from("timestamp")) {
            None => return Err(Error::script("OP_CHECK_TIMESTAMP cache missing timestamp")),
            Some(Value::Int(timestamp)) => timestamp,
            Some(_) => return Err(Error::script("OP_CHECK_TIMESTAMP malformed cache timestamp")),
        };
        let threshold = self
            .threshold(TS_THRESHOLD, self.machine.ts_threshold())
            .ok_or_else(|| Error::script("OP_CHECK_TIMESTAMP malformed ts_threshold flag"))?;
        let ahead = timestamp.sub(&Int::from(self.now));
        let too_far = threshold > Int::ZERO && ahead >= threshold;
        let reached = *timestamp >= constraint && !too_far;
        self.put_bool(reached)
    }

    /// The constraint is the earliest time of the clock, less the threshold.
    pub(super) fn check_epoch(&mut self) -> Result<(), Error> {
        let constraint = self.pull_constraint("OP_CHECK_EPOCH malformed constraint encountered")?;
        let threshold = self
            .threshold(EPOCH_THRESHOLD, self.machine.epoch_threshold())
            .filter(|threshold| !threshold.is_negative())
            .ok_or_else(|| Error::script("OP_CHECK_EPOCH malformed epoch_threshold flag"))?;
        let reached = constraint.sub(&Int::from(self.now)) < threshold;
        self.put_bool(reached)
    }

    fn pull_constraint(&mut self, malformed: &'static str) -> Result<Int, Error> {
        let item = self.stack.pull()?;
        if item.is_empty() {
            return Err(Error::script(malformed));
        }
        self.unsigned(&item)
    }

    /// A threshold, unless its flag is no integer.
    fn threshold(&self, name: &str, default: i64) -> Option<Int> {
        self.tape.flags.read(|flags| match flags.text(name) {
            None => Some(default.into()),
            Some(Value::Int(threshold)) => Some(threshold.clone()),
            Some(_) => None,
        })
    }
}
