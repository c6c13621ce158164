//! Integers of any size.

use crate::error::Error;
use crate::limits::cost;
use crate::num::Int;
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn pull_int(&mut self) -> Result<Int, Error> {
        let item = self.stack.pull()?;
        self.spend(cost::integer(item.len()))?;
        Int::from_bytes(&item)
    }

    pub(super) fn unsigned(&mut self, item: &[u8]) -> Result<Int, Error> {
        self.spend(cost::integer(item.len()))?;
        Ok(Int::from_unsigned_bytes(item))
    }

    pub(super) fn operand_int(&mut self) -> Result<Int, Error> {
        let operand = self.tape.read_sized()?;
        self.meter.spend(cost::integer(operand.len()))?;
        Int::from_bytes(operand)
    }

    fn put_int(&mut self, value: &Int) -> Result<(), Error> {
        self.spend(cost::integer(value.words().saturating_mul(8)))?;
        self.stack.put(value.to_item())
    }

    pub(super) fn add_ints(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let mut total = Int::ZERO;
        for _ in 0..count {
            let value = self.pull_int()?;
            self.spend(cost_of_sum(&total, &value))?;
            total = total.add(&value);
        }
        self.put_int(&total)
    }

    pub(super) fn subtract_ints(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let mut total = self.pull_int()?;
        for _ in 1..count {
            let value = self.pull_int()?;
            self.spend(cost_of_sum(&total, &value))?;
            total = total.sub(&value);
        }
        self.put_int(&total)
    }

    pub(super) fn mult_ints(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let mut total = self.pull_int()?;
        for _ in 1..count {
            let value = self.pull_int()?;
            self.spend(cost_of_product(&total, &value))?;
            total = total.mul(&value);
        }
        self.put_int(&total)
    }

    pub(super) fn div_int(&mut self) -> Result<(), Error> {
        let divisor = self.operand_int()?;
        let dividend = self.pull_int()?;
        self.divide(&dividend, &divisor, Int::div_floor)
    }

    pub(super) fn div_ints(&mut self) -> Result<(), Error> {
        let dividend = self.pull_int()?;
        let divisor = self.pull_int()?;
        self.divide(&dividend, &divisor, Int::div_floor)
    }

    pub(super) fn mod_int(&mut self) -> Result<(), Error> {
        let divisor = self.operand_int()?;
        let dividend = self.pull_int()?;
        self.divide(&dividend, &divisor, Int::mod_floor)
    }

    pub(super) fn mod_ints(&mut self) -> Result<(), Error> {
        let dividend = self.pull_int()?;
        let divisor = self.pull_int()?;
        self.divide(&dividend, &divisor, Int::mod_floor)
    }

    fn divide(
        &mut self,
        dividend: &Int,
        divisor: &Int,
        operation: fn(&Int, &Int) -> Result<Int, Error>,
    ) -> Result<(), Error> {
        self.spend(cost_of_product(dividend, divisor))?;
        let result = operation(dividend, divisor)?;
        self.put_int(&result)
    }

    pub(super) fn less(&mut self) -> Result<(), Error> {
        let (first, second) = (self.pull_int()?, self.pull_int()?);
        self.put_bool(first < second)
    }

    pub(super) fn less_or_equal(&mut self) -> Result<(), Error> {
        let (first, second) = (self.pull_int()?, self.pull_int()?);
        self.put_bool(first <= second)
    }

    pub(super) fn int_to_float(&mut self) -> Result<(), Error> {
        let value = self.pull_int()?;
        let value =
            value.to_f64().ok_or_else(|| Error::overflow("int too large to convert to float"))?;
        self.stack.put(crate::num::float_to_bytes(value)?)
    }

    pub(super) fn float_to_int(&mut self) -> Result<(), Error> {
        let item = self.stack.pull()?;
        let value = Int::from_f64(crate::num::bytes_to_float(&item)?)?;
        self.put_int(&value)
    }
}

fn cost_of_sum(a: &Int, b: &Int) -> u64 {
    match a.words() + b.words() {
        0 => 0,
        words => 1 + words as u64 / 16,
    }
}

/// What a multiplication or division costs: the products of the words.
fn cost_of_product(a: &Int, b: &Int) -> u64 {
    match (a.words() as u64, b.words() as u64) {
        (0, 0) => 0,
        (a, b) => 2 + a.max(1).saturating_mul(b.max(1)) / 32,
    }
}
