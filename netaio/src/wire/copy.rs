use bytes::Bytes;

/// Up to so many bytes are few.
const FEW: usize = 128;

struct Few {
    bytes: [u8; FEW],
    length: usize,
}

impl AsRef<[u8]> for Few {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Copies bytes to memory of their own, which clones share.
///
/// That of a few is allocated once. Copied in the usual way they would cost another allocation as
/// soon as they are cloned.
pub(crate) fn copy(bytes: &[u8]) -> Bytes {
    let mut few = Few { bytes: [0; FEW], length: bytes.len() };
    let Some(place) = few.bytes.get_mut(..bytes.len()) else {
        return Bytes::copy_from_slice(bytes);
    };
    place.copy_from_slice(bytes);
    Bytes::from_owner(few)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_as_long_and_apart() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in [0, 1, FEW - 1, FEW, FEW + 1, 256] {
            let bytes = &bytes[..length];
            let copied = copy(bytes);
            assert_eq!(copied, bytes);
            assert_eq!(copied.slice(length / 2..), bytes[length / 2..]);
            assert!(length == 0 || copied.as_ptr() != bytes.as_ptr());
        }
    }
}
