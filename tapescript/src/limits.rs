//! What a run may use up.

use crate::error::{Error, ErrorKind};

/// Bounds of a run: of its stack, its nesting, its work and its memory.
///
/// The first three are part of the language, since scripts can see and catch their excess. The others end the run,
/// whatever it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many items the stack holds; 1,024 by default.
    pub max_items: usize,
    /// How many bytes an item has; 1,024 by default.
    pub max_item_size: usize,
    /// How many calls a tape makes, how deep EVAL nests, and how often a loop goes round; 128 by default.
    pub callstack: usize,
    /// How deep blocks of all kinds nest; 480 by default, about what the reference reaches. Scripts can catch this.
    pub depth: usize,
    /// How many units of work a run may take, over all of its scripts; 1,000,000 by default.
    ///
    /// An op costs 1, a block 2 more, a definition 16, a caught error 10; copying costs 1 for 64 bytes, hashing 1 for
    /// 16, arithmetic beyond 64 bits by the length of its numbers; a signature costs 1,000, as does the check of one; a
    /// multiplication on the curve 500 to 1,500, an addition 400. The costs are measured: a unit takes less than
    /// 100 ns, whatever the script.
    pub budget: u64,
    /// How many bytes of the cache scripts may fill; 1 MiB by default.
    ///
    /// The stack takes up to `max_items` times `max_item_size` bytes beside it, and definitions some bytes for each unit
    /// that they cost.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_items: 1024,
            max_item_size: 1024,
            callstack: 128,
            depth: 480,
            budget: 1_000_000,
            memory: 1024 * 1024,
        }
    }
}

/// What is left of a budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    left: u64,
    budget: u64,
}

impl Meter {
    pub(crate) const fn new(budget: u64) -> Self {
        Self { left: budget, budget }
    }

    #[inline]
    pub(crate) fn spend(&mut self, units: u64) -> Result<(), Error> {
        match self.left.checked_sub(units) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(self.is_spent())
            }
        }
    }

    #[cold]
    fn is_spent(&self) -> Error {
        exhausted(format!("the scripts need more than their budget of {} units", self.budget))
    }

    pub(crate) const fn spent(&self) -> u64 {
        self.budget - self.left
    }
}

pub(crate) fn exhausted(message: String) -> Error {
    Error::new(ErrorKind::Exhausted, message)
}

/// What ops cost beside the unit that each does.
pub(crate) mod cost {
    pub(crate) const BLOCK: u64 = 2;
    /// It takes memory as long as the block lasts.
    pub(crate) const DEFINITION: u64 = 16;
    pub(crate) const CAUGHT: u64 = 10;
    pub(crate) const SIGNATURE: u64 = 1000;
    pub(crate) const BASE_MULTIPLICATION: u64 = 500;
    pub(crate) const MULTIPLICATION: u64 = 1500;
    pub(crate) const POINT_CHECK: u64 = 1000;
    pub(crate) const POINT_ADDITION: u64 = 400;
    pub(crate) const SCALAR: u64 = 10;

    /// Copying, or going through bytes. Up to 32, which an item holds without memory of its own, are free.
    pub(crate) const fn bytes(count: usize) -> u64 {
        (count as u64 + 31) / 64
    }

    /// SHA-256 or SHA-512, with some machines in mind that have no instructions for it.
    pub(crate) const fn hash(count: usize) -> u64 {
        4 + count as u64 / 16
    }

    /// SHAKE256, which goes round once for each 136 bytes in or out.
    pub(crate) const fn shake(count: usize, length: usize) -> u64 {
        12 * (1 + count / 136 + length / 136) as u64
    }

    /// Reading or writing an integer of so many bytes. Those of a machine word are free.
    pub(crate) const fn integer(count: usize) -> u64 {
        if count <= 8 { 0 } else { 2 + count as u64 / 16 }
    }
}
