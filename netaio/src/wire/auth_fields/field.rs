use std::fmt;

use crate::wire::packify::{self, DecodeError, Reader, Value, Width, kind};

/// How bytes begin that are up to 255.
const SHORT_BYTES: u8 = Width::ONE | kind::BYTES;

/// The value of an auth field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    pub(super) encoded: &'a [u8],
}

impl<'a> Field<'a> {
    /// Returns the packed value, as it is on the wire.
    #[cfg(feature = "hmac")]
    pub(crate) fn encoded(&self) -> &'a [u8] {
        self.encoded
    }

    /// Returns the bytes, if it is bytes: text, numbers and the like are not.
    #[must_use]
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let [SHORT_BYTES, length, bytes @ ..] = self.encoded
            && bytes.len() == usize::from(*length)
        {
            return Some(bytes);
        }
        let mut reader = Reader::new(self.encoded);
        match reader.code() {
            Ok((kind::BYTES, width)) => reader.sized(width).ok(),
            _ => None,
        }
    }

    /// Reads the value, whatever it is.
    ///
    /// # Errors
    ///
    /// None in practice, since it was read when the message came.
    pub fn value(&self) -> Result<Value, DecodeError> {
        packify::decode(self.encoded)
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("encoded_length", &self.encoded.len()).finish()
    }
}
