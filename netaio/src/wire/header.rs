use super::{MessageType, TypeSet, UnknownType};

/// The first 9 bytes of a message.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | message type |
/// | 1 | 2 | length of the auth fields |
/// | 3 | 2 | length of the body |
/// | 5 | 4 | CRC-32 (IEEE) of the body |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "HeaderProtocol")]
pub struct Header {
    /// The number of the message type, known or not.
    pub code: u8,
    /// The length of the auth fields in bytes.
    pub auth_length: u16,
    /// The length of the body in bytes.
    pub body_length: u16,
    /// The CRC-32 of the body; neither header nor auth fields are covered.
    pub checksum: u32,
}

impl Header {
    /// The length of an encoded header in bytes.
    #[doc(alias = "header_length")]
    pub const LENGTH: usize = 9;

    /// Reads a header off the front of `bytes`; what follows is ignored.
    ///
    /// # Errors
    ///
    /// Returns [`HeaderError`] when there are fewer than 9 bytes.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let Some(&[code, a0, a1, b0, b1, c0, c1, c2, c3]) = bytes.first_chunk() else {
            return Err(HeaderError { length: bytes.len() });
        };
        Ok(Self {
            code,
            auth_length: u16::from_be_bytes([a0, a1]),
            body_length: u16::from_be_bytes([b0, b1]),
            checksum: u32::from_be_bytes([c0, c1, c2, c3]),
        })
    }

    /// Encodes it.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let [a0, a1] = self.auth_length.to_be_bytes();
        let [b0, b1] = self.body_length.to_be_bytes();
        let [c0, c1, c2, c3] = self.checksum.to_be_bytes();
        [self.code, a0, a1, b0, b1, c0, c1, c2, c3]
    }

    /// Returns the message type, if it is one that is known.
    ///
    /// # Errors
    ///
    /// Returns [`UnknownType`] for an unassigned number, or a custom one that is not in `known`.
    #[inline]
    pub fn message_type(&self, known: &TypeSet) -> Result<MessageType, UnknownType> {
        match MessageType::from_code(self.code) {
            Some(MessageType::Custom(custom)) if !known.contains(custom.get()) => {
                Err(UnknownType(self.code))
            }
            Some(message_type) => Ok(message_type),
            None => Err(UnknownType(self.code)),
        }
    }

    /// Returns the length of the whole frame in bytes, this header included.
    #[must_use]
    pub fn frame_length(&self) -> usize {
        Self::LENGTH + usize::from(self.auth_length) + usize::from(self.body_length)
    }
}

/// There are too few bytes for a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a header has 9 bytes, not {length}")]
pub struct HeaderError {
    length: usize,
}
