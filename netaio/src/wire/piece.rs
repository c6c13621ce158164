use bytes::Bytes;

/// Bytes that are lent, and perhaps the block that they are a part of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    bytes: &'a [u8],
    block: Option<&'a Bytes>,
}

impl<'a> Piece<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], block: Option<&'a Bytes>) -> Self {
        Self { bytes, block }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns it as a part of the block, and if it is none a copy.
    pub(crate) fn to_bytes(self) -> Bytes {
        let part = self.bytes.as_ptr_range();
        let block = self.block.filter(|block| {
            let whole = block.as_ptr_range();
            whole.start <= part.start && part.end <= whole.end
        });
        block
            .map_or_else(|| Bytes::copy_from_slice(self.bytes), |block| block.slice_ref(self.bytes))
    }
}

impl<'a> From<&'a Bytes> for Piece<'a> {
    #[inline]
    fn from(bytes: &'a Bytes) -> Self {
        Self::new(bytes, Some(bytes))
    }
}

impl<'a> From<&'a [u8]> for Piece<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(bytes, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_block_is_shared_and_all_else_is_copied() {
        let block = Bytes::from(vec![7; 100]);
        for part in [&block[..], &block[10..20], &block[99..], &block[..1]] {
            let shared = Piece::new(part, Some(&block)).to_bytes();
            assert_eq!((shared.as_ptr(), &shared[..]), (part.as_ptr(), part));
        }
        assert!(Piece::new(&block[5..5], Some(&block)).to_bytes().is_empty());
        let (apart, half) = (vec![7; 10], block.slice(..50));
        for (part, block) in
            [(&apart[..], Some(&block)), (&block[40..60], Some(&half)), (&block[..], None)]
        {
            let copy = Piece::new(part, block).to_bytes();
            assert_eq!(copy, part);
            assert_ne!(copy.as_ptr(), part.as_ptr());
        }
    }
}
