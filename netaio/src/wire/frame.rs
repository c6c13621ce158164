use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{
    AuthFields, AuthTooLarge, Body, BodyTooLarge, FrameRef, Header, Output, Piece,
    body::check_length, checksum,
};

/// One message as it came: cut by its header, nothing else looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The header.
    pub header: Header,
    /// What comes after it, in one piece: to count one owner more costs more than to cut it twice.
    payload: Bytes,
}

impl Frame {
    /// Takes one whole frame off the front of a stream's bytes; `None` when more are needed.
    ///
    /// It shares the memory of `buffer`: nothing is copied or allocated. Every length that a header
    /// can hold is legal, so this can't fail.
    #[inline(always)]
    pub fn decode(buffer: &mut Bytes) -> Option<Self> {
        let mut end = 0;
        let header = FrameRef::decode(buffer, &mut end)?.header;
        let mut payload = buffer.split_to(end);
        payload.advance(Header::LENGTH);
        Some(Self { header, payload })
    }

    /// Returns the encoded auth fields.
    #[must_use]
    #[inline]
    pub fn auth(&self) -> &[u8] {
        self.payload.get(..self.header.auth_length.into()).unwrap_or_default()
    }

    /// Returns the encoded body.
    #[must_use]
    #[inline]
    pub fn body(&self) -> &[u8] {
        self.payload.get(self.header.auth_length.into()..).unwrap_or_default()
    }

    /// Returns the encoded body, sharing the frame's memory.
    #[must_use]
    #[inline]
    pub fn into_body(mut self) -> Bytes {
        self.payload.advance(self.payload.len().min(self.header.auth_length.into()));
        self.payload
    }

    /// Returns how many bytes the frame at the front of `buffer` has; 9 while the header is
    /// incomplete.
    #[must_use]
    pub fn needed(buffer: &[u8]) -> usize {
        Header::decode(buffer).map_or(Header::LENGTH, |header| header.frame_length())
    }

    /// Reads a datagram as one frame; bytes after it are ignored.
    ///
    /// # Errors
    ///
    /// Returns [`FrameError`] when the declared lengths exceed the datagram.
    pub fn from_datagram(mut datagram: Bytes) -> Result<Self, FrameError> {
        Self::decode(&mut datagram).ok_or_else(|| FrameError::of(&datagram))
    }

    /// Returns whether the checksum fits the body.
    #[must_use]
    #[inline]
    pub fn checksum_matches(&self) -> bool {
        checksum::of([self.body()]) == self.header.checksum
    }
}

/// A datagram is shorter than it declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is said to have {needed} bytes, but {there} are there")]
pub struct FrameError {
    needed: usize,
    there: usize,
}

impl FrameError {
    /// Returns what is wrong with a datagram that is not a whole frame.
    pub(super) fn of(datagram: &[u8]) -> Self {
        Self { needed: Frame::needed(datagram), there: datagram.len() }
    }
}

/// A message exceeds what a frame can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// Its auth fields do.
    #[error(transparent)]
    Auth(#[from] AuthTooLarge),
    /// Its body does.
    #[error(transparent)]
    Body(#[from] BodyTooLarge),
}

/// Appends a frame to `out`: a body that is encoded already, with auth fields.
///
/// # Errors
///
/// Returns [`TooLarge`] when either exceeds 65,535 bytes; `out` is as it was then.
pub fn encode_frame(
    code: u8,
    auth: &AuthFields,
    body: &[u8],
    out: &mut BytesMut,
) -> Result<(), TooLarge> {
    let put = |out: &mut BytesMut| out.put_slice(body);
    encode(code, auth, body_length(body)?, out, body.len(), put, |_| checksum::of([body]))
}

/// Appends a frame as [`encode_frame`] does; a large body is not copied.
pub(crate) fn output_frame(
    code: u8,
    auth: &AuthFields,
    body: &Bytes,
    out: &mut Output,
) -> Result<(), TooLarge> {
    let length = body_length(body)?;
    encode(code, auth, length, out.buffer(), 0, |_| {}, |_| checksum::of([body]))?;
    out.put(body);
    Ok(())
}

fn body_length(body: &[u8]) -> Result<u16, BodyTooLarge> {
    let too_large = |_| BodyTooLarge { length: body.len().saturating_sub(2) };
    u16::try_from(body.len()).map_err(too_large)
}

/// Appends a frame to `out` from uri and content, without encoding a [`Body`] first.
///
/// # Errors
///
/// Returns [`TooLarge`] when uri and content exceed [`Body::MAX_LENGTH`] together, or the auth
/// fields 65,535 bytes; `out` is as it was then.
pub fn encode_parts(
    code: u8,
    auth: &AuthFields,
    uri: &[u8],
    content: &[u8],
    out: &mut BytesMut,
) -> Result<(), TooLarge> {
    if content.len() < LONG {
        return put_short(code, auth, uri, content, out);
    }
    begin_long(code, auth, uri, content, out)?;
    out.put_slice(content);
    Ok(())
}

/// Appends a frame as [`encode_parts`] does, without auth fields; a large content is not copied.
pub(crate) fn output_parts(
    code: u8,
    uri: &[u8],
    content: Piece<'_>,
    out: &mut Output,
) -> Result<(), TooLarge> {
    let (auth, bytes) = (AuthFields::new(), content.bytes());
    if bytes.len() < LONG {
        return put_short(code, &auth, uri, bytes, out.buffer());
    }
    begin_long(code, &auth, uri, bytes, out.buffer())?;
    out.put(content);
    Ok(())
}

/// A content of so many bytes is read where it is for its checksum, and a shorter one from its copy.
///
/// The copy can't be read at once: a processor hands on what it has just written only to who reads
/// it in the same pieces, all others wait until it has reached the cache. That takes longer than
/// to go through the parts of a long body, and not as long as through those of a short one.
const LONG: usize = 512;

/// Appends a frame whose content is short.
#[inline(always)]
fn put_short(
    code: u8,
    auth: &AuthFields,
    uri: &[u8],
    content: &[u8],
    out: &mut BytesMut,
) -> Result<(), TooLarge> {
    let [uri_length, body_length] = lengths(uri, content)?;
    let put_body = |out: &mut BytesMut| {
        out.put_u16(uri_length);
        out.put_slice(uri);
        out.put_slice(content);
    };
    let room = body_length.into();
    encode(code, auth, body_length, out, room, put_body, |body| checksum::of([body]))
}

/// Appends a frame up to its content, which is long. Apart, for it would take the registers of what
/// is short.
#[inline(never)]
fn begin_long(
    code: u8,
    auth: &AuthFields,
    uri: &[u8],
    content: &[u8],
    out: &mut BytesMut,
) -> Result<(), TooLarge> {
    let [uri_length, body_length] = lengths(uri, content)?;
    let uri_length = uri_length.to_be_bytes();
    let put_uri = |out: &mut BytesMut| {
        out.put_slice(&uri_length);
        out.put_slice(uri);
    };
    let room = uri_length.len() + uri.len();
    let checksum = |_: &[u8]| checksum::of([&uri_length, uri, content]);
    encode(code, auth, body_length, out, room, put_uri, checksum)
}

/// Returns the length of the uri, and that of the body.
fn lengths(uri: &[u8], content: &[u8]) -> Result<[u16; 2], BodyTooLarge> {
    let uri_length = check_length(uri, content)?;
    let length = uri.len() + content.len();
    let body_length = u16::try_from(2 + length).map_err(|_| BodyTooLarge { length })?;
    Ok([uri_length, body_length])
}

/// Appends a frame with what `put_body` appends, which takes so much room. The header is filled in
/// when the checksum can be taken of that.
#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "both places have just been written")]
fn encode(
    code: u8,
    auth: &AuthFields,
    body_length: u16,
    out: &mut BytesMut,
    room: usize,
    put_body: impl FnOnce(&mut BytesMut),
    checksum: impl FnOnce(&[u8]) -> u32,
) -> Result<(), TooLarge> {
    let start = out.len();
    out.reserve(Header::LENGTH + AuthFields::EMPTY.len() + room);
    out.put_bytes(0, Header::LENGTH);
    let auth_length = auth.encode_into(out).inspect_err(|_| out.truncate(start))?;
    let body = out.len();
    put_body(out);
    let checksum = checksum(&out[body..]);
    let header = Header { code, auth_length, body_length, checksum };
    out[start..start + Header::LENGTH].copy_from_slice(&header.encode());
    Ok(())
}

const _: () = assert!(Body::MAX_LENGTH + 2 <= u16::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_encode_write_the_same_bytes() {
        let mut auth = AuthFields::new();
        auth.set("ts", &[0; 4]);
        let (mut whole, mut parts) = (BytesMut::new(), BytesMut::new());
        let body = Body::new("uri", "content").unwrap();
        encode_frame(50, &auth, body.encoded(), &mut whole).unwrap();
        encode_parts(50, &auth, b"uri", b"content", &mut parts).unwrap();
        assert_eq!(whole, parts);
        let frame = Frame::from_datagram(whole.freeze()).unwrap();
        assert!(frame.checksum_matches());
        assert_eq!(frame.body(), body.encoded());
    }

    #[test]
    fn the_size_limit_is_exact_and_leaves_the_buffer_alone() {
        let mut out = BytesMut::new();
        let fits = vec![0; Body::MAX_LENGTH - 3];
        encode_parts(0, &AuthFields::new(), b"uri", &fits, &mut out).unwrap();
        let (before, over) = (out.len(), vec![0; Body::MAX_LENGTH - 2]);
        assert!(encode_parts(0, &AuthFields::new(), b"uri", &over, &mut out).is_err());
        assert_eq!(out.len(), before);
    }

    #[test]
    fn an_unfinished_frame_stays_where_it_is() {
        let mut out = BytesMut::new();
        encode_parts(0, &AuthFields::new(), b"uri", b"content", &mut out).unwrap();
        let whole = out.freeze();
        for cut in 0..whole.len() {
            let mut part = whole.slice(..cut);
            assert_eq!(Frame::decode(&mut part), None);
            assert_eq!(part.len(), cut);
        }
    }
}
