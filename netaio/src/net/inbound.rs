use std::{
    cell::Cell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use crate::wire::Frame;

/// The size of the block that connections of a thread read into by turns: one of the largest
/// messages, or many of the usual ones.
const BLOCK: usize = 128 * 1024;
/// The least room worth a read.
const ROOM: usize = 8 * 1024;
/// The beginning of a frame up to this size is moved into the block, so that what follows the frame
/// is read with the rest of it. A larger one is not, lest one that comes byte by byte be moved for
/// each of them.
const MOVED: usize = 16 * 1024;

thread_local! {
    /// Idle connections hold no buffer: whichever is readable borrows this one.
    static SHARED: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// What a connection has read and not handled.
///
/// Whole frames are slices of the thread's shared block. Only a connection whose last frame is
/// unfinished has a buffer of its own, which grows as bytes arrive, whatever the frame announces.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    /// Read, and not yet looked at.
    unread: Bytes,
    /// The beginning of an unfinished frame.
    partial: BytesMut,
}

impl Inbound {
    /// Reads once; gives the number of bytes, 0 at the end of the stream.
    pub(crate) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.partial.len() <= MOVED {
            let mut block = SHARED.take();
            // From its front again, unless somebody keeps a message that is in it.
            if !block.try_reclaim(BLOCK) && block.capacity() < self.partial.len() + ROOM {
                block.reserve(BLOCK);
            }
            block.extend_from_slice(&self.partial);
            let read = poll_read_buf(Pin::new(stream), context, &mut block);
            if let Poll::Ready(Ok(1..)) = read {
                self.partial = BytesMut::new();
                self.unread = block.split().freeze();
            }
            block.clear();
            SHARED.set(block);
            return read;
        }
        // At most twice what has arrived, so that a header alone reserves nothing.
        let missing = Frame::needed(&self.partial).saturating_sub(self.partial.len());
        self.partial.reserve(missing.clamp(1, self.partial.len().max(ROOM)));
        let read = ready!(poll_read_buf(Pin::new(stream), context, &mut self.partial))?;
        if self.partial.len() >= Frame::needed(&self.partial) {
            self.unread = std::mem::take(&mut self.partial).freeze();
        }
        Poll::Ready(Ok(read))
    }

    /// Takes the next whole frame; what is left of an unfinished one is set aside.
    #[inline(always)]
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        let frame = Frame::decode(&mut self.unread);
        if frame.is_none() {
            self.set_aside();
        }
        frame
    }

    fn set_aside(&mut self) {
        // The block is given back, so that the next read may begin at its front.
        let unread = std::mem::take(&mut self.unread);
        self.partial.extend_from_slice(&unread);
    }

    /// Returns how many bytes are kept of an unfinished frame.
    pub(crate) fn held(&self) -> usize {
        self.partial.capacity()
    }

    /// Returns whether the beginning of a frame has been read.
    pub(crate) fn is_mid_frame(&self) -> bool {
        !self.partial.is_empty()
    }
}
