use bytes::{Buf, BytesMut};

use super::CipherError;
use crate::{plugin::PluginContext, wire::Body};

/// The bytes before the uri: its length or, when it is sealed, where the sealed text is cut.
const LENGTH_SIZE: usize = 2;

/// A body on its way into or out of a cipher, in one buffer.
///
/// ```text
/// +------------------------------+----------+------+
/// | head                         | overhead | text |
/// +------------------------------+----------+------+
///   uri length, uri                           content                     uri readable
///   place of the cut                          uri length, uri, content    uri sealed
/// ```
///
/// All but the head is sealed. The overhead is what the cipher adds, such as a tag.
pub(super) struct Envelope {
    buffer: BytesMut,
    head: usize,
    overhead: usize,
    seals_uri: bool,
}

impl Envelope {
    /// Makes room around a body that is to be sealed; the overhead is zero bytes.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::TooLarge`] when the sealed body would exceed
    /// [`Body::MAX_LENGTH`].
    pub(super) fn to_seal(
        body: Body,
        seals_uri: bool,
        overhead: usize,
    ) -> Result<Self, CipherError> {
        let head = head_length(&body, seals_uri);
        let added = if seals_uri { LENGTH_SIZE + overhead } else { overhead };
        let length = body.encoded().len() + added;
        if length > LENGTH_SIZE + Body::MAX_LENGTH {
            return Err(CipherError::TooLarge);
        }
        let encoded = body.into_encoded();
        if added == 0 {
            return Ok(Self { buffer: encoded.into(), head, overhead, seals_uri });
        }
        let (readable, text) =
            if seals_uri { (&[][..], &encoded[..]) } else { encoded.split_at(head) };
        let mut buffer = BytesMut::with_capacity(length);
        buffer.extend_from_slice(readable);
        buffer.resize(head + overhead, 0);
        buffer.extend_from_slice(text);
        Ok(Self { buffer, head, overhead, seals_uri })
    }

    /// Takes a body that is to be opened.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::Mismatch`] when it is shorter than the overhead.
    pub(super) fn to_open(
        body: Body,
        seals_uri: bool,
        overhead: usize,
    ) -> Result<Self, CipherError> {
        let head = head_length(&body, seals_uri);
        let buffer = BytesMut::from(body.into_encoded());
        if buffer.len() < head + overhead {
            return Err(CipherError::Mismatch);
        }
        Ok(Self { buffer, head, overhead, seals_uri })
    }

    /// Returns the overhead of a sealed body and what follows it.
    #[cfg(feature = "asymmetric")]
    pub(super) fn overhead_of(body: &Body, seals_uri: bool) -> Option<&[u8]> {
        body.encoded().get(head_length(body, seals_uri)..)
    }

    /// Returns the part that is sealed: overhead and text.
    pub(super) fn sealed_part(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.head..).unwrap_or_default()
    }

    /// Returns the sealed body; a sealed uri is cut at a random place, as the original does.
    pub(super) fn into_sealed(mut self, context: &PluginContext<'_>) -> Result<Body, CipherError> {
        if self.seals_uri {
            let length = self.sealed_part().len();
            if let Some(place) = self.buffer.first_chunk_mut() {
                *place = cut(length, context).to_be_bytes();
            }
        }
        self.into_body()
    }

    /// Returns the opened body.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::Malformed`] when the text is no body, as after a change of what no
    /// auth layer covers.
    pub(super) fn into_opened(mut self) -> Result<Body, CipherError> {
        if self.seals_uri {
            self.buffer.advance(self.head + self.overhead);
        } else {
            self.buffer.copy_within(..self.head, self.overhead);
            self.buffer.advance(self.overhead);
        }
        self.into_body()
    }

    fn into_body(self) -> Result<Body, CipherError> {
        Body::decode(self.buffer.freeze()).map_err(|_| CipherError::Malformed)
    }
}

fn head_length(body: &Body, seals_uri: bool) -> usize {
    if seals_uri { LENGTH_SIZE } else { LENGTH_SIZE + body.uri().len() }
}

/// Returns a random place inside a sealed text, with at least a byte on either side.
///
/// Any place is valid: it only hides the lengths of uri and content. Of 4 random bytes the places
/// come out even enough.
fn cut(length: usize, context: &PluginContext<'_>) -> u16 {
    let places = u32::try_from(length).unwrap_or(u32::MAX).saturating_sub(1).max(1);
    let place = u32::from_be_bytes(context.random()) % places + 1;
    u16::try_from(place).unwrap_or(u16::MAX)
}
