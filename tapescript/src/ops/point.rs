//! Points and scalars.

use crate::crypto;
use crate::error::Error;
use crate::flags::switch;
use crate::limits::cost;
use crate::stack::Item;
use crate::vm::Vm;

type Subtraction = fn(&[u8], &[u8]) -> Result<[u8; 32], Error>;

impl Vm<'_> {
    pub(super) fn add_points(&mut self) -> Result<(), Error> {
        let count = usize::from(self.tape.byte()?);
        let points = self.pull_many(count)?;
        self.spend(cost::POINT_CHECK * count as u64)?;
        let sum = crypto::sum_of_points(&points, "OP_ADD_POINTS invalid point encountered")?;
        self.stack.put(sum)
    }

    pub(super) fn subtract_points(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let first = self.stack.pull()?;
        self.subtract(first, count, cost::POINT_ADDITION, crypto::point_sub)
    }

    pub(super) fn derive_scalar(&mut self) -> Result<(), Error> {
        let seed = self.stack.pull()?;
        self.spend(cost::SCALAR + cost::hash(seed.len()))?;
        self.put_cached(switch::SCALAR, b"x", crypto::derive_key_from_seed(&seed).into())
    }

    pub(super) fn clamp_scalar(&mut self) -> Result<(), Error> {
        let key = self.tape.byte()? != 0;
        let value = self.stack.pull()?;
        self.stack.put(crypto::clamp_scalar(&value, key)?)
    }

    pub(super) fn add_scalars(&mut self) -> Result<(), Error> {
        let count = usize::from(self.tape.byte()?);
        let scalars = self.pull_many(count)?;
        self.spend(cost::SCALAR * count as u64)?;
        self.stack.put(crypto::aggregate_scalars(&scalars)?)
    }

    pub(super) fn subtract_scalars(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let first = self.stack.pull()?;
        self.subtract(first, count, cost::SCALAR, crypto::scalar_sub)
    }

    /// Subtracts all but the first, which is not looked at where it is alone.
    fn subtract(
        &mut self,
        first: Item,
        count: u8,
        cost: u64,
        operation: Subtraction,
    ) -> Result<(), Error> {
        let mut total = first;
        for _ in 1..count {
            let item = self.stack.pull()?;
            self.spend(cost)?;
            total = operation(&total, &item)?.into();
        }
        self.stack.put(total)
    }

    pub(super) fn derive_point(&mut self) -> Result<(), Error> {
        let scalar = self.stack.pull()?;
        self.spend(cost::BASE_MULTIPLICATION)?;
        self.put_cached(switch::POINT, b"X", crypto::derive_point_from_scalar(&scalar)?.into())
    }
}
