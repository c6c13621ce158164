use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};

use super::Piece;

/// A piece of this size or more is written from where it is; a smaller one costs less to copy.
const LARGE: usize = 4 * 1024;
/// Room for so many pieces is kept for the next use.
const KEPT: usize = 64;

/// Bytes to be written: small pieces are copied together, large ones stay where they are.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// What comes before the buffer.
    pieces: VecDeque<Bytes>,
    /// The bytes of all pieces.
    before: usize,
    /// How many of the first pieces hold no memory but their own.
    detached: usize,
    buffer: BytesMut,
}

impl Output {
    /// Returns how many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.before + self.buffer.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the buffer, to append to.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Returns whether a piece is large enough to stay where it is.
    pub(crate) fn is_large(piece: &[u8]) -> bool {
        piece.len() >= LARGE
    }

    /// Appends a piece.
    pub(crate) fn put<'a>(&mut self, piece: impl Into<Piece<'a>>) {
        let piece = piece.into();
        if !Self::is_large(piece.bytes()) {
            return self.buffer.extend_from_slice(piece.bytes());
        }
        self.before = self.len() + piece.bytes().len();
        if !self.buffer.is_empty() {
            self.pieces.push_back(self.buffer.split().freeze());
        }
        self.pieces.push_back(piece.to_bytes());
    }

    /// Returns all of it, if that is in the buffer.
    pub(crate) fn only(&self) -> Option<&[u8]> {
        self.pieces.is_empty().then_some(&self.buffer[..])
    }

    /// Fills in the next pieces in their order, all that begin in the first `most` bytes; returns how
    /// many.
    pub(crate) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>], most: usize) -> usize {
        let buffer = (!self.buffer.is_empty()).then_some(&self.buffer[..]);
        let pieces = self.pieces.iter().map(|piece| &piece[..]).chain(buffer);
        let mut before = 0;
        let pieces = pieces.take_while(|piece| {
            let begins = before < most;
            before += piece.len();
            begins
        });
        slices.iter_mut().zip(pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    /// Drops so many bytes off the front.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        if count == self.len() {
            // From its front again, which is less to do than to get that back later.
            self.clear();
        } else {
            self.advance_part(count);
        }
    }

    #[inline(never)]
    fn advance_part(&mut self, mut count: usize) {
        while let Some(piece) = self.pieces.front_mut().filter(|_| count > 0) {
            let part = piece.len().min(count);
            piece.advance(part);
            (count, self.before) = (count - part, self.before - part);
            if piece.is_empty() {
                self.pieces.pop_front();
                self.detached = self.detached.saturating_sub(1);
            }
        }
        self.buffer.advance(count);
    }

    /// Copies every piece, once: what has to wait must not hold the block that it was read into.
    pub(crate) fn detach(&mut self) {
        for piece in self.pieces.iter_mut().skip(self.detached) {
            *piece = Bytes::copy_from_slice(piece);
        }
        self.detached = self.pieces.len();
    }

    /// Copies all of it into the buffer, for those who can't write several pieces at once.
    pub(crate) fn merge(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        let mut whole = BytesMut::with_capacity(self.len());
        self.pieces.drain(..).for_each(|piece| whole.extend_from_slice(&piece));
        whole.extend_from_slice(&self.buffer);
        (self.buffer, self.before, self.detached) = (whole, 0, 0);
    }

    /// Returns all of it in one piece.
    pub(crate) fn whole(&mut self) -> &[u8] {
        self.merge();
        &self.buffer
    }

    /// Gives all of it in one piece.
    pub(crate) fn into_bytes(mut self) -> Bytes {
        self.merge();
        self.buffer.freeze()
    }

    /// Drops all of it.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if !self.pieces.is_empty() {
            self.drop_pieces();
        }
        self.buffer.clear();
    }

    /// Apart, as mostly there are none.
    #[inline(never)]
    fn drop_pieces(&mut self) {
        self.pieces.clear();
        (self.before, self.detached) = (0, 0);
    }

    /// Drops all of it, and gets back the memory of what was written; returns the buffer's capacity.
    pub(crate) fn reclaim(&mut self, least: usize) -> usize {
        self.clear();
        if self.pieces.capacity() > KEPT {
            self.pieces.shrink_to(KEPT);
        }
        if !self.buffer.try_reclaim(least) {
            self.buffer = BytesMut::new();
        }
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `small`, a large piece, `more`, another large piece, `end`.
    fn mixed() -> (Output, Vec<u8>) {
        let mut output = Output::default();
        let large = [b'x', b'y'].map(|byte| Bytes::from(vec![byte; LARGE]));
        let pieces = [&Bytes::from("small"), &large[0], &"more".into(), &large[1], &"end".into()];
        pieces.iter().for_each(|piece| output.put(*piece));
        (output, pieces.map(|piece| &piece[..]).concat())
    }

    fn written(output: &Output, pieces: usize, most: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 8];
        let count = output.slices(&mut slices[..pieces], most);
        slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    #[test]
    fn pieces_keep_their_order_and_large_ones_their_place() {
        let (output, expected) = mixed();
        assert_eq!((output.len(), output.pieces.len()), (expected.len(), 4));
        assert_eq!(written(&output, 8, usize::MAX), expected);
        assert_eq!(written(&output, 2, usize::MAX), expected[..5 + LARGE]);
        assert_eq!(written(&output, 8, 5 + LARGE), expected[..5 + LARGE]);
        assert_eq!(written(&output, 8, 5 + LARGE + 1), expected[..5 + LARGE + 4]);
        assert_eq!(output.into_bytes(), expected);

        let large = Bytes::from(vec![7; LARGE]);
        let mut output = Output::default();
        output.put(&large);
        assert_eq!(output.pieces[0].as_ptr(), large.as_ptr(), "it is not copied");
    }

    #[test]
    fn what_has_to_wait_holds_no_block() {
        let block = Bytes::from(vec![7; 3 * LARGE]);
        let mut output = Output::default();
        output.put(&block.slice(..LARGE));
        output.detach();
        let copied = output.pieces[0].as_ptr();
        assert_ne!(copied, block.as_ptr());
        output.put(&block.slice(LARGE..));
        output.detach();
        assert_eq!(output.pieces[0].as_ptr(), copied, "once is enough");
        assert!(block.is_unique());
        output.advance(LARGE + 1);
        output.put(&block);
        output.detach();
        assert!(block.is_unique());
        assert_eq!(output.into_bytes(), vec![7; 5 * LARGE - 1]);
    }

    #[test]
    fn what_many_pieces_took_is_not_kept() {
        let mut output = Output::default();
        let large = Bytes::from(vec![7; LARGE]);
        (0..1_000).for_each(|_| output.put(&large));
        output.reclaim(LARGE);
        assert!(output.is_empty() && output.pieces.capacity() < 2 * KEPT);
    }

    #[test]
    fn what_is_written_gives_its_room_back() {
        let mut output = Output::default();
        for _ in 0..3 {
            output.put(&Bytes::from(vec![7; LARGE - 1]));
            output.put(&Bytes::from(vec![7; LARGE - 1]));
            let room = output.buffer().capacity();
            output.advance(LARGE);
            output.advance(output.len());
            assert!(output.is_empty() && output.buffer().capacity() == room - LARGE);
            output.reclaim(room);
            assert_eq!(output.buffer().capacity(), room);
        }
    }

    #[test]
    fn what_is_written_goes_from_the_front_wherever_that_ends() {
        let (whole, expected) = mixed();
        for count in (0..=whole.len()).step_by(97).chain([5, 5 + LARGE, whole.len()]) {
            let (mut output, _) = mixed();
            output.advance(count / 2);
            output.advance(count - count / 2);
            assert_eq!(output.len(), expected.len() - count);
            assert_eq!(written(&output, 8, usize::MAX), expected[count..]);
            output.put(&b"later"[..]);
            assert!(output.into_bytes().ends_with(b"endlater") || count > expected.len() - 3);
        }
    }
}
