use std::fmt;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{checksum, copy::copy};

/// The body of a message, encoded: uri and content, both opaque bytes.
///
/// ```text
/// +------------+-----+---------+
/// | uri length | uri | content |
/// | 2 bytes    |     |         |
/// +------------+-----+---------+
/// ```
///
/// It is one piece of shared memory; uri and content are slices of it, and clones are cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
#[doc(alias = "BodyProtocol")]
pub struct Body {
    encoded: Bytes,
    /// The length of the uri: with its own, at most that of `encoded`.
    uri_length: u16,
}

const LENGTH_SIZE: usize = 2;

impl Body {
    /// The most bytes that uri and content may have together, from the original.
    pub const MAX_LENGTH: usize = 65_422;

    /// Makes a body.
    ///
    /// # Errors
    ///
    /// Returns [`BodyTooLarge`] when uri and content exceed [`MAX_LENGTH`](Self::MAX_LENGTH)
    /// together.
    #[doc(alias = "prepare")]
    pub fn new(uri: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Result<Self, BodyTooLarge> {
        Self::new_in(&mut BytesMut::new(), uri.as_ref(), content.as_ref())
    }

    /// Makes a body in the memory of `room`, which gets it back when all such bodies are dropped.
    pub(crate) fn new_in(
        room: &mut BytesMut,
        uri: &[u8],
        content: &[u8],
    ) -> Result<Self, BodyTooLarge> {
        let uri_length = check_length(uri, content)?;
        room.reserve(LENGTH_SIZE + uri.len() + content.len());
        room.put_u16(uri_length);
        room.put_slice(uri);
        room.put_slice(content);
        Ok(Self { encoded: room.split().freeze(), uri_length })
    }

    /// Reads an encoded body; all that follows the uri is content.
    ///
    /// # Errors
    ///
    /// Returns [`BodyError`] when it is shorter than 2 bytes or than its uri.
    pub fn decode(encoded: Bytes) -> Result<Self, BodyError> {
        let uri_length = BodyRef::decode(&encoded, None)?.uri_length();
        Ok(Self { encoded, uri_length })
    }

    /// Copies a body.
    pub(crate) fn copied(body: BodyRef<'_>) -> Self {
        Self { encoded: copy(body.encoded), uri_length: body.uri_length() }
    }

    /// Returns a body that shares the memory it is in, where that may be shared.
    pub(crate) fn shared(body: BodyRef<'_>) -> Self {
        Self { encoded: body.share(body.encoded), uri_length: body.uri_length() }
    }

    /// Returns it as it is.
    pub(super) fn as_ref(&self) -> BodyRef<'_> {
        let (uri, content, block) = (self.uri(), self.content(), Some(&self.encoded));
        BodyRef { encoded: &self.encoded, uri, content, block }
    }

    /// Returns where the content begins.
    fn content_start(&self) -> usize {
        LENGTH_SIZE + usize::from(self.uri_length)
    }

    /// Returns the uri.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        self.encoded.get(LENGTH_SIZE..self.content_start()).unwrap_or_default()
    }

    /// Returns the content.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.encoded.get(self.content_start()..).unwrap_or_default()
    }

    /// Returns the uri, sharing the body's memory.
    #[must_use]
    pub fn uri_bytes(&self) -> Bytes {
        self.encoded.slice(LENGTH_SIZE..self.content_start())
    }

    /// Returns the content, sharing the body's memory.
    #[must_use]
    pub fn content_bytes(&self) -> Bytes {
        self.encoded.slice(self.content_start()..)
    }

    /// Gives the content, sharing the body's memory.
    #[must_use]
    pub fn into_content(mut self) -> Bytes {
        self.encoded.advance(self.content_start());
        self.encoded
    }

    /// Returns the encoded body.
    #[must_use]
    pub fn encoded(&self) -> &Bytes {
        &self.encoded
    }

    /// Returns the encoded body.
    #[must_use]
    pub fn into_encoded(self) -> Bytes {
        self.encoded
    }

    /// Returns the CRC-32 that goes into the header.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        checksum::of([&self.encoded])
    }
}

/// A body that is lent.
#[derive(Clone, Copy)]
pub(crate) struct BodyRef<'a> {
    encoded: &'a [u8],
    /// The next two are parts of `encoded`.
    pub(super) uri: &'a [u8],
    pub(super) content: &'a [u8],
    /// What all of them are parts of, if that may be shared.
    pub(super) block: Option<&'a Bytes>,
}

impl<'a> BodyRef<'a> {
    /// Reads an encoded body, as [`Body::decode`] does, which may be a part of a block.
    #[inline(always)]
    pub(crate) fn decode(encoded: &'a [u8], block: Option<&'a Bytes>) -> Result<Self, BodyError> {
        let (length, rest) = encoded.split_first_chunk().ok_or(BodyError::NoUriLength)?;
        let uri = usize::from(u16::from_be_bytes(*length));
        let too_long = BodyError::UriTooLong { uri, left: rest.len() };
        let (uri, content) = rest.split_at_checked(uri).ok_or(too_long)?;
        Ok(Self { encoded, uri, content, block })
    }

    /// Returns the uri.
    pub(crate) fn uri(&self) -> &'a [u8] {
        self.uri
    }

    /// Returns a part of it, which shares the block's memory if there is one.
    #[inline]
    pub(super) fn share(&self, part: &[u8]) -> Bytes {
        self.block.map_or_else(|| Bytes::copy_from_slice(part), |block| block.slice_ref(part))
    }

    #[allow(clippy::cast_possible_truncation, reason = "it was read from two bytes")]
    fn uri_length(&self) -> u16 {
        self.uri.len() as u16
    }
}

/// Checks the size of a body that is to be sent; returns the uri's length.
pub(super) fn check_length(uri: &[u8], content: &[u8]) -> Result<u16, BodyTooLarge> {
    let length = uri.len() + content.len();
    match u16::try_from(uri.len()) {
        Ok(uri) if length <= Body::MAX_LENGTH => Ok(uri),
        _ => Err(BodyTooLarge { length }),
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

impl fmt::Debug for BodyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content may be secret, and large.
        f.debug_struct("Body")
            .field("uri", &format_args!("\"{}\"", self.uri.escape_ascii()))
            .field("content_length", &self.content.len())
            .finish()
    }
}

/// A body exceeds what a message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("uri and content have {length} bytes together; a message carries at most 65422")]
pub struct BodyTooLarge {
    pub(super) length: usize,
}

/// Bytes are not a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// There are fewer than 2 bytes.
    #[error("the body is too short for the length of its uri")]
    NoUriLength,
    /// The uri ends beyond the body.
    #[error("the uri is said to have {uri} bytes, but {left} are left")]
    UriTooLong {
        /// The length that the uri is said to have.
        uri: usize,
        /// The bytes that are there.
        left: usize,
    },
}
