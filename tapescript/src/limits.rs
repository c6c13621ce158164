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
    /// An op costs 1, a block 2; hashing and copying cost 1 for 64 bytes, arithmetic on long integers by their length;
    /// a signature costs 1,000, as does the check of one; a multiplication on the curve 500 to 1,500, an addition 100.
    /// A unit takes at most about 100 ns.
    pub budget: u64,
    /// How many bytes of the cache scripts may fill; 1 MiB by default.
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
    pub(crate) const SIGNATURE: u64 = 1000;
    pub(crate) const BASE_MULTIPLICATION: u64 = 500;
    pub(crate) const MULTIPLICATION: u64 = 1500;
    pub(crate) const POINT_CHECK: u64 = 1000;
    pub(crate) const POINT_ADDITION: u64 = 100;
    pub(crate) const SCALAR: u64 = 10;

    /// Copying or hashing.
    pub(crate) const fn bytes(count: usize) -> u64 {
        count as u64 / 64
    }
}
