use std::{
    cell::Cell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use crate::wire::{Frame, FrameRef};

/// The size of the block that connections of a thread read into by turns: one of the largest
/// messages, or many of the usual ones.
const BLOCK: usize = 128 * 1024;
/// The size of the block that is read into by who has much to read: fewer calls of the system, and
/// fewer frames that are cut at its end.
const LARGE_BLOCK: usize = 512 * 1024;
/// The least room worth a read.
const ROOM: usize = 8 * 1024;
/// The beginning of a frame up to this size is moved into the block, so that what follows the frame
/// is read with the rest of it. A larger one is not, lest one that comes byte by byte be moved for
/// each of them.
const MOVED: usize = 16 * 1024;

/// The blocks that connections of a thread read into, while nobody does. The large one is apart, so
/// that who keeps a small message never holds more than the other.
struct Blocks {
    usual: Cell<Option<BytesMut>>,
    large: Cell<Option<BytesMut>>,
}

impl Blocks {
    fn of(&self, much: bool) -> &Cell<Option<BytesMut>> {
        if much { &self.large } else { &self.usual }
    }
}

thread_local! {
    /// Idle connections hold no buffer: whichever is readable borrows one of these.
    static BLOCKS: Blocks = const { Blocks { usual: Cell::new(None), large: Cell::new(None) } };
}

/// What a connection has read and not handled.
///
/// Whole frames are slices of the thread's shared block. Only a connection that waits has a buffer of
/// its own: for its last frame, which grows as bytes arrive, whatever the frame announces; or for
/// whole ones, while a handler or the other end takes its time.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    /// What has been read: frames up to `at`, which have been taken, and those that come next.
    block: Bytes,
    at: usize,
    /// Whether that is in the shared block.
    is_shared: bool,
    /// How much the last read gave.
    last: u32,
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
            return self.poll_read_shared(stream, context);
        }
        // At most twice what has arrived, so that a header alone reserves nothing.
        let missing = Frame::needed(&self.partial).saturating_sub(self.partial.len());
        self.partial.reserve(missing.clamp(1, self.partial.len().max(ROOM)));
        let read = ready!(poll_read_buf(Pin::new(stream), context, &mut self.partial))?;
        if self.partial.len() >= Frame::needed(&self.partial) {
            (self.block, self.at) = (std::mem::take(&mut self.partial).freeze(), 0);
            self.is_shared = false;
        }
        Poll::Ready(Ok(read))
    }

    /// Reads into the block of all.
    #[inline(always)]
    fn poll_read_shared<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let much = self.has_much();
        let size = if much { LARGE_BLOCK } else { BLOCK };
        let mut block = BLOCKS.with(|blocks| blocks.of(much).take()).unwrap_or_default();
        // From its front again, unless somebody keeps a message that is in it.
        if !block.try_reclaim(size) && (much || block.capacity() < self.partial.len() + ROOM) {
            block = BytesMut::with_capacity(size);
        }
        if self.is_mid_frame() {
            block.extend_from_slice(&self.partial);
        }
        let read = poll_read_buf(Pin::new(stream), context, &mut block);
        if let Poll::Ready(Ok(read @ 1..)) = read {
            self.last = read.try_into().unwrap_or(u32::MAX);
            if self.is_mid_frame() {
                self.partial = BytesMut::new();
            }
            (self.block, self.at) = (block.split().freeze(), 0);
            self.is_shared = true;
        }
        block.clear();
        BLOCKS.with(|blocks| blocks.of(much).set(Some(block)));
        read
    }

    /// Takes the next whole frame; what is left of an unfinished one is set aside.
    #[inline(always)]
    pub(crate) fn next_frame(&mut self) -> Option<FrameRef<'_>> {
        let mut end = self.at;
        if FrameRef::of_block(&self.block, &mut end).is_none() {
            self.set_aside();
            return None;
        }
        // Once more: what is returned is borrowed, and could not be looked at before. The compiler
        // makes one of the two.
        FrameRef::of_block(&self.block, &mut self.at)
    }

    #[inline(always)]
    fn unread(&self) -> &[u8] {
        self.block.get(self.at..).unwrap_or_default()
    }

    /// Drops the next whole frame.
    pub(crate) fn skip_frame(&mut self) {
        self.at += Frame::needed(self.unread()).min(self.unread().len());
    }

    /// Returns whether there are so many whole frames.
    pub(crate) fn has_frames(&self, count: usize) -> bool {
        let mut left = self.unread();
        (0..count).all(|_| {
            // An incomplete header needs more than there is.
            let after = left.split_at_checked(Frame::needed(left)).map(|(_, after)| after);
            left = after.unwrap_or_default();
            after.is_some()
        })
    }

    /// Returns the whole frames without taking them.
    pub(crate) fn frames(&self) -> impl Iterator<Item = FrameRef<'_>> {
        let mut at = self.at;
        std::iter::from_fn(move || FrameRef::of_block(&self.block, &mut at))
    }

    fn set_aside(&mut self) {
        // The block is given back, so that the next read may begin at its front.
        let block = std::mem::take(&mut self.block);
        let unread = block.get(std::mem::take(&mut self.at)..).unwrap_or_default();
        if !unread.is_empty() {
            self.partial.extend_from_slice(unread);
        }
    }

    /// Returns whether so much came at once that more is likely to.
    fn has_much(&self) -> bool {
        self.last as usize >= BLOCK / 2
    }

    /// Returns how much a message holds that was in the last read, beside itself.
    pub(crate) fn pinned(&self) -> usize {
        if self.has_much() { self.last as usize } else { 0 }
    }

    /// Gives the shared block back, for as long as the connection waits.
    pub(crate) fn detach(&mut self) {
        if std::mem::take(&mut self.is_shared) {
            (self.block, self.at) = (Bytes::copy_from_slice(self.unread()), 0);
        }
    }

    /// Returns whether what has been read is not in the shared block, as after a wait.
    pub(crate) fn is_detached(&self) -> bool {
        !self.is_shared
    }

    /// Returns how many bytes are kept for the connection alone.
    pub(crate) fn held(&self) -> usize {
        let unread = if self.is_shared { 0 } else { self.unread().len() };
        self.partial.capacity() + unread
    }

    /// Returns whether the beginning of a frame has been read.
    pub(crate) fn is_mid_frame(&self) -> bool {
        !self.partial.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::wire::{AuthFields, encode_parts};

    fn frames(count: usize, length: usize) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        for _ in 0..count {
            encode_parts(0, &AuthFields::new(), b"uri", &vec![7; length], &mut bytes).unwrap();
        }
        bytes.to_vec()
    }

    fn read(inbound: &mut Inbound, mut bytes: &[u8]) -> usize {
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(read) = inbound.poll_read(&mut bytes, &mut context) else {
            panic!("a slice is always ready")
        };
        read.unwrap()
    }

    #[test]
    fn who_waits_keeps_what_is_its_own_and_says_how_much() {
        let mut inbound = Inbound::default();
        read(&mut inbound, &frames(3, 100));
        let first = inbound.next_frame().unwrap().body.to_vec();
        assert_eq!(inbound.held(), 0, "it is in the block of all");
        let there = inbound.unread().as_ptr();
        inbound.detach();
        assert_ne!(inbound.unread().as_ptr(), there);
        assert_eq!(inbound.held(), 2 * frames(1, 100).len());
        let there = inbound.unread().as_ptr();
        inbound.detach();
        assert_eq!(inbound.unread().as_ptr(), there, "once is enough");
        assert_eq!(inbound.next_frame().unwrap().body, first);
        assert_eq!(inbound.next_frame().unwrap().body, first);
        assert!(inbound.next_frame().is_none());
        assert_eq!(inbound.held(), 0);
    }

    #[test]
    fn who_sends_much_is_read_into_the_large_block_as_long_as_it_does() {
        let mut inbound = Inbound::default();
        let much = frames(20, 16 * 1024);
        let mut left = &much[..];
        let mut reads = Vec::new();
        while !left.is_empty() {
            let count = read(&mut inbound, left);
            left = &left[count..];
            reads.push(count);
            while inbound.next_frame().is_some() {}
        }
        assert_eq!(reads.len(), 2, "{reads:?}");
        assert!(reads[0] <= BLOCK && reads[1] > BLOCK);
        assert_eq!(inbound.pinned(), reads[1]);
        read(&mut inbound, &frames(1, 10));
        assert_eq!((inbound.has_much(), inbound.pinned()), (false, 0));
    }
}
