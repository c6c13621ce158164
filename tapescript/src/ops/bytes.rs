//! Bytes: hashes, comparisons, parts.

use crate::crypto;
use crate::error::Error;
use crate::limits::cost;
use crate::num::{Int, bytes_to_bool};
use crate::stack::Item;
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn sha256(&mut self) -> Result<(), Error> {
        let item = self.stack.pull()?;
        self.spend(cost::hash(item.len()))?;
        self.stack.put(crypto::sha256(&item))
    }

    pub(super) fn shake256(&mut self) -> Result<(), Error> {
        let length = usize::from(self.tape.byte()?);
        let item = self.stack.pull()?;
        self.spend(cost::shake(item.len(), length))?;
        self.stack.put(crypto::shake256(&item, length))
    }

    pub(super) fn verify(&mut self) -> Result<(), Error> {
        if bytes_to_bool(&self.stack.pull()?) {
            Ok(())
        } else {
            Err(Error::script("OP_VERIFY check failed"))
        }
    }

    pub(super) fn equal(&mut self) -> Result<(), Error> {
        let (first, second) = (self.stack.pull()?, self.stack.pull()?);
        self.spend(cost::bytes(first.len()))?;
        self.put_bool(first == second)
    }

    pub(super) fn not(&mut self) -> Result<(), Error> {
        let mut item = self.stack.pull()?;
        self.spend(cost::bytes(item.len()))?;
        item.as_mut_slice().iter_mut().for_each(|byte| *byte = !*byte);
        self.stack.put(item)
    }

    pub(super) fn random(&mut self) -> Result<(), Error> {
        let count = self.pull_int()?;
        let count = count
            .to_i64()
            .ok_or_else(|| Error::overflow("Python int too large to convert to C ssize_t"))?;
        let count =
            usize::try_from(count).map_err(|_| Error::value("negative argument not allowed"))?;
        // Checked before the bytes are drawn.
        self.stack.check_size(count)?;
        self.spend(10 + count as u64 / 16)?;
        let mut bytes = vec![0; count];
        self.machine.fill(&mut bytes);
        self.stack.put(bytes)
    }

    pub(super) fn concat(&mut self) -> Result<(), Error> {
        let (second, first) = (self.stack.pull()?, self.stack.pull()?);
        self.join(first, &second)
    }

    pub(super) fn join(&mut self, mut first: Item, second: &[u8]) -> Result<(), Error> {
        self.spend(cost::bytes(first.len() + second.len()))?;
        first.extend_from_slice(second);
        self.stack.put(first)
    }

    pub(super) fn split(&mut self) -> Result<(), Error> {
        let index = self.pull_int()?;
        let item = self.stack.pull()?;
        self.spend(cost::bytes(item.len()))?;
        let index = index_below("OP_SPLIT", &index, item.len())?;
        let (left, right) = item.split_at(index);
        self.stack.put(left)?;
        self.stack.put(right)
    }

    /// Joins two items bit by bit; the shorter goes on with zeros.
    pub(super) fn bitwise(&mut self, operation: impl Fn(u8, u8) -> u8) -> Result<(), Error> {
        let (mut long, mut short) = (self.stack.pull()?, self.stack.pull()?);
        if long.len() < short.len() {
            std::mem::swap(&mut long, &mut short);
        }
        self.spend(cost::bytes(long.len()))?;
        short.lengthen(long.len());
        let pairs = long.as_mut_slice().iter_mut().zip(&short[..]);
        pairs.for_each(|(byte, other)| *byte = operation(*byte, *other));
        self.stack.put(long)
    }
}

/// The index for a split, which must leave something to the right.
pub(super) fn index_below(op: &'static str, index: &Int, length: usize) -> Result<usize, Error> {
    if index.is_negative() {
        return Err(Error::script(format!("{op} negative index is invalid")));
    }
    index
        .to_i64()
        .and_then(|index| usize::try_from(index).ok())
        .filter(|index| *index < length)
        .ok_or_else(|| Error::script(format!("{op} item len exceeded by index")))
}
