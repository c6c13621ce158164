//! The stack that all scripts of a run share.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::error::Error;

/// A byte string on the stack. Up to 32 bytes, a hash or a key, it needs no memory of its own.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item(SmallVec<[u8; 32]>);

impl Item {
    #[inline]
    pub(crate) fn from_slice(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }

    pub(crate) fn from_vec(bytes: Vec<u8>) -> Self {
        Self(SmallVec::from_vec(bytes))
    }

    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Goes on with zeros up to a length.
    pub(crate) fn lengthen(&mut self, length: usize) {
        self.0.resize(length, 0);
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Deref for Item {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Item {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Item {
    fn from(bytes: &[u8]) -> Self {
        Self::from_slice(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Item {
    fn from(bytes: [u8; N]) -> Self {
        Self::from_slice(&bytes)
    }
}

impl From<Vec<u8>> for Item {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_vec(bytes)
    }
}

impl fmt::Debug for Item {
    /// Shows hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The stack of a run: byte strings, bounded in number and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    items: Vec<Item>,
    max_items: usize,
    max_item_size: usize,
}

impl Default for Stack {
    /// The bounds of the reference: 1,024 items of 1,024 bytes.
    fn default() -> Self {
        Self::new(1024, 1024)
    }
}

impl Stack {
    /// An empty stack for at most `max_items` items of at most `max_item_size` bytes each.
    #[must_use]
    pub const fn new(max_items: usize, max_item_size: usize) -> Self {
        Self { items: Vec::new(), max_items, max_item_size }
    }

    /// Puts an item on top.
    ///
    /// # Errors
    ///
    /// If the item is too large or the stack is full.
    #[inline]
    pub fn put(&mut self, item: impl Into<Item>) -> Result<(), Error> {
        let item = item.into();
        self.check_size(item.len())?;
        if self.items.len() >= self.max_items {
            return Err(Error::script("cannot put onto full Stack"));
        }
        self.items.push(item);
        Ok(())
    }

    /// Checks that an item of this size may be put, before the memory for it is taken.
    #[inline]
    pub(crate) fn check_size(&self, size: usize) -> Result<(), Error> {
        if size > self.max_item_size {
            return Err(Error::script("Stack item size too large"));
        }
        Ok(())
    }

    /// Takes the item on top.
    ///
    /// # Errors
    ///
    /// If the stack is empty.
    #[inline]
    pub fn pull(&mut self) -> Result<Item, Error> {
        self.items.pop().ok_or_else(|| Error::index("pop from an empty deque"))
    }

    /// Looks at the item on top.
    ///
    /// # Errors
    ///
    /// If the stack is empty.
    #[inline]
    pub fn peek(&self) -> Result<&Item, Error> {
        self.items.last().ok_or_else(|| Error::index("deque index out of range"))
    }

    /// Exchanges two items by their depth, 0 being the top. Nothing happens if they are the same, however deep.
    pub(crate) fn swap(&mut self, a: usize, b: usize) -> Result<(), Error> {
        if a == b {
            return Ok(());
        }
        let len = self.items.len();
        if a.max(b) >= len {
            return Err(Error::script("OP_SWAP stack size exceeded by index"));
        }
        self.items.swap(len - 1 - a, len - 1 - b);
        Ok(())
    }

    /// Reverses the upper items.
    pub(crate) fn reverse(&mut self, count: usize) -> Result<(), Error> {
        let Some(below) = self.items.len().checked_sub(count) else {
            return Err(Error::script("OP_REVERSE stack size exceeded"));
        };
        self.items[below..].reverse();
        Ok(())
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items, the lowest first.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}
