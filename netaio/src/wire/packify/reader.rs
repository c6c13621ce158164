use super::{DecodeError, kind};

/// Reads primitives off the front of bytes; never beyond their end.
#[derive(Debug, Clone, Copy)]
pub(in crate::wire) struct Reader<'a> {
    left: &'a [u8],
}

/// The items of a container, not looked into.
#[derive(Debug, Clone)]
pub(in crate::wire) struct Items<'a> {
    lengths: Reader<'a>,
    items: Reader<'a>,
    width: usize,
    count: usize,
}

impl<'a> Reader<'a> {
    pub(in crate::wire) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(in crate::wire) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, left) = self.left.split_at_checked(length).ok_or(DecodeError::Cut)?;
        self.left = left;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        let (&byte, left) = self.left.split_first().ok_or(DecodeError::Cut)?;
        self.left = left;
        Ok(byte)
    }

    /// Reads a number of 1, 2 or 4 bytes.
    pub(super) fn number(&mut self, width: usize) -> Result<usize, DecodeError> {
        let bytes = self.take(width)?;
        let number = bytes.iter().fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
        usize::try_from(number).map_err(|_| DecodeError::Cut)
    }

    /// Reads a code byte: the type, and the width that its class means, 0 for none.
    pub(in crate::wire) fn code(&mut self) -> Result<(u8, usize), DecodeError> {
        let code = self.byte()?;
        let width = [0, 1, 2, 4].get(usize::from(code >> 6)).copied().unwrap_or(0);
        Ok((code & kind::MASK, width))
    }

    /// Reads a length and as many bytes.
    pub(in crate::wire) fn sized(&mut self, width: usize) -> Result<&'a [u8], DecodeError> {
        if width == 0 {
            return Err(DecodeError::NoWidth);
        }
        let length = self.number(width)?;
        self.take(length)
    }

    /// Reads the frame of a container whose code has been read.
    pub(in crate::wire) fn items(&mut self, width: usize) -> Result<Items<'a>, DecodeError> {
        if width == 0 {
            return Err(DecodeError::NoWidth);
        }
        let item_width = match self.byte()? {
            0x40 => 1,
            0x80 => 2,
            0xc0 => 4,
            other => return Err(DecodeError::ItemClass(other)),
        };
        let count = self.number(width)?;
        // The length table must be there, which bounds the count by the bytes that have arrived.
        let table = count.checked_mul(item_width).ok_or(DecodeError::Cut)?;
        let lengths = Reader::new(self.take(table)?);
        Ok(Items { lengths, items: *self, width: item_width, count })
    }
}

impl<'a> Items<'a> {
    pub(in crate::wire) fn count(&self) -> usize {
        self.count
    }

    /// Returns the next item's bytes.
    pub(in crate::wire) fn next(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        if self.lengths.left.is_empty() {
            return Ok(None);
        }
        match self.lengths.number(self.width)? {
            0 => Err(DecodeError::EmptyItem),
            length => self.items.take(length).map(Some),
        }
    }
}
