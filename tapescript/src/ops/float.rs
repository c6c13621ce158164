//! Floats: computed in double precision, rounded once to single.

use crate::error::Error;
use crate::num::{bytes_to_float, float_modulo, float_to_bytes};
use crate::vm::Vm;

impl Vm<'_> {
    /// Pulls a float; one of a wrong length is an error with the op's name.
    fn pull_float(&mut self, op: &'static str) -> Result<f64, Error> {
        let item = self.stack.pull()?;
        if item.len() != 4 {
            return Err(Error::ty(format!("{op} malformed float")));
        }
        bytes_to_float(&item)
    }

    fn put_float(&mut self, op: &'static str, value: f64) -> Result<(), Error> {
        if value.is_nan() {
            return Err(Error::value(format!("{op} nan encountered")));
        }
        self.stack.put(float_to_bytes(value)?)
    }

    fn operand_float(&self) -> Result<f64, Error> {
        bytes_to_float(self.tape.read(4)?)
    }

    pub(super) fn add_floats(&mut self) -> Result<(), Error> {
        let op = "OP_ADD_FLOATS";
        let count = self.tape.byte()?;
        let mut total = 0.0;
        for _ in 0..count {
            total += self.pull_float(op)?;
        }
        self.put_float(op, total)
    }

    pub(super) fn subtract_floats(&mut self) -> Result<(), Error> {
        let op = "OP_SUBTRACT_FLOATS";
        let count = self.tape.byte()?;
        let mut total = self.pull_float(op)?;
        for _ in 1..count {
            total -= self.pull_float(op)?;
        }
        self.put_float(op, total)
    }

    pub(super) fn div_float(&mut self) -> Result<(), Error> {
        let op = "OP_DIV_FLOAT";
        let divisor = self.operand_float()?;
        let dividend = self.pull_float(op)?;
        self.put_float(op, divided(dividend, divisor)?)
    }

    pub(super) fn div_floats(&mut self) -> Result<(), Error> {
        let op = "OP_DIV_FLOATS";
        let (dividend, divisor) = (self.pull_float(op)?, self.pull_float(op)?);
        self.put_float(op, divided(dividend, divisor)?)
    }

    pub(super) fn mod_float(&mut self) -> Result<(), Error> {
        let op = "OP_MOD_FLOAT";
        let divisor = self.operand_float()?;
        let dividend = self.pull_float(op)?;
        self.put_float(op, rest(dividend, divisor)?)
    }

    /// Other than in the division, the divisor is on top.
    pub(super) fn mod_floats(&mut self) -> Result<(), Error> {
        let op = "OP_MOD_FLOATS";
        let (divisor, dividend) = (self.pull_float(op)?, self.pull_float(op)?);
        self.put_float(op, rest(dividend, divisor)?)
    }

    pub(super) fn float_less(&mut self) -> Result<(), Error> {
        let first = bytes_to_float(&self.stack.pull()?)?;
        let second = bytes_to_float(&self.stack.pull()?)?;
        self.put_bool(first < second)
    }

    pub(super) fn float_less_or_equal(&mut self) -> Result<(), Error> {
        let first = bytes_to_float(&self.stack.pull()?)?;
        let second = bytes_to_float(&self.stack.pull()?)?;
        self.put_bool(first <= second)
    }
}

fn divided(dividend: f64, divisor: f64) -> Result<f64, Error> {
    if divisor == 0.0 {
        return Err(Error::zero_division("float division by zero"));
    }
    Ok(dividend / divisor)
}

fn rest(dividend: f64, divisor: f64) -> Result<f64, Error> {
    if divisor == 0.0 {
        return Err(Error::zero_division("float modulo"));
    }
    Ok(float_modulo(dividend, divisor))
}
