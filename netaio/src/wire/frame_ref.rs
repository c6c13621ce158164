use bytes::Bytes;

use super::{FrameError, Header, checksum};

/// One message as it came, where it was read: cut by its header, nothing else looked into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameRef<'a> {
    pub(crate) header: Header,
    /// The encoded auth fields.
    pub(crate) auth: &'a [u8],
    /// The encoded body.
    pub(crate) body: &'a [u8],
    /// What both are parts of, if that may be shared.
    pub(crate) block: Option<&'a Bytes>,
}

impl<'a> FrameRef<'a> {
    /// Reads the frame that begins at `at`, and moves that behind it; `None` when more bytes are
    /// needed.
    ///
    /// Every length that a header can hold is legal, so this can't fail.
    #[inline(always)]
    pub(crate) fn decode(bytes: &'a [u8], at: &mut usize) -> Option<Self> {
        let bytes = bytes.get(*at..)?;
        let header = Header::decode(bytes).ok()?;
        let payload = bytes.get(Header::LENGTH..header.frame_length())?;
        let (auth, body) = payload.split_at_checked(header.auth_length.into())?;
        *at += header.frame_length();
        Some(Self { header, auth, body, block: None })
    }

    /// Reads a frame of a block, as [`decode`](Self::decode) does.
    #[inline(always)]
    pub(crate) fn of_block(block: &'a Bytes, at: &mut usize) -> Option<Self> {
        Self::decode(block, at).map(|frame| Self { block: Some(block), ..frame })
    }

    /// Reads a datagram as one frame; bytes after it are ignored.
    pub(crate) fn from_datagram(datagram: &'a [u8]) -> Result<Self, FrameError> {
        Self::decode(datagram, &mut 0).ok_or_else(|| FrameError::of(datagram))
    }

    /// Returns whether the checksum fits the body.
    #[inline]
    pub(crate) fn checksum_matches(&self) -> bool {
        checksum::of([self.body]) == self.header.checksum
    }
}
