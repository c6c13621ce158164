//! Contracts of the host.

use crate::error::{Error, ErrorKind};
use crate::flags::switch;
use crate::limits::cost;
use crate::num::Int;
use crate::value::{Key, Value};
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn check_transfer(&mut self) -> Result<(), Error> {
        let id = self.stack.pull()?;
        let amount = self.pull_int()?;
        let (constraint, destination) = (self.stack.pull()?, self.stack.pull()?);
        let count = self.stack.pull()?;
        let count = self.unsigned(&count)?;
        let count = self.pull_count(&count);
        let sources = self.pull_many(count)?;
        let proofs = self.pull_many(count)?;
        self.spend(count as u64 * 10)?;
        let contract = self
            .machine
            .contract(&id)
            .ok_or_else(|| Error::script("OP_CHECK_TRANSFER missing contract"))?
            .as_transfer()
            .ok_or_else(|| {
                Error::script("contract must implement the CanCheckTransfer interface")
            })?;
        let mut holds = true;
        for (proof, source) in proofs.iter().zip(&sources) {
            holds &= contract.verify_proof(proof)?;
            holds &= contract.verify_transfer(proof, source, &destination)?;
            if !constraint.is_empty() {
                holds &= contract.verify_constraint(proof, &constraint)?;
            }
        }
        let total = contract
            .aggregate(&proofs, &destination)?
            .ok_or_else(|| Error::new(ErrorKind::Key, super::text::shown(&destination)))?;
        self.put_bool(holds && amount <= total)
    }

    pub(super) fn invoke(&mut self) -> Result<(), Error> {
        let id = self.stack.pull()?;
        let count = self.pull_int()?;
        if count.is_negative() {
            return Err(Error::script("OP_INVOKE invalid argcount encountered"));
        }
        let count = self.pull_count(&count);
        let arguments = self.pull_many(count)?;
        self.spend(10 + arguments.iter().map(|argument| cost::bytes(argument.len())).sum::<u64>())?;
        let contract = self
            .machine
            .contract(&id)
            .ok_or_else(|| Error::script("OP_INVOKE unknown contract"))?
            .as_invoke()
            .ok_or_else(|| Error::script("contract must implement the CanBeInvoked interface"))?;
        let answers = match contract.invoke(arguments)? {
            Value::None => return Ok(()),
            Value::List(answers) => answers,
            _ => return Err(bad_answer()),
        };
        for answer in &answers {
            let Value::Bytes(item) = answer else { return Err(bad_answer()) };
            self.meter.spend(1 + cost::bytes(item.len()))?;
            self.stack.put(item.clone())?;
        }
        if self.is_on(switch::INVOKE) {
            self.write_cache(Key::from(b"IR"), Value::List(answers))?;
        }
        Ok(())
    }

    /// A count of items to pull. More than there can be empty the stack and fail, as one by one would.
    fn pull_count(&self, count: &Int) -> usize {
        let most = self.stack.len() + 1;
        count
            .to_i64()
            .and_then(|count| usize::try_from(count).ok())
            .map_or(most, |count| count.min(most))
    }
}

fn bad_answer() -> Error {
    Error::ty("invalid contract: abi return value must be tuple[bytes] or None")
}
