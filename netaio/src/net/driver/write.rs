use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::AsyncWrite;

use crate::wire::Output;

/// How many pieces of an output are written with one call.
const AT_ONCE: usize = 64;
/// Of large pieces, those that begin in so many bytes: the other end reads them while the next are
/// copied. If all went with one call it would fall asleep, and to wake it costs more than a second.
const MOST: usize = 128 * 1024;

/// Writes the next pieces of an output; how much of them was written is told.
pub(super) fn poll_write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    out: &mut Output,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let stream = Pin::new(stream);
    if !stream.is_write_vectored() {
        out.merge();
    }
    match out.only() {
        Some(piece) => stream.poll_write(context, piece),
        None => poll_write_pieces(stream, out, context),
    }
}

/// Apart, as its list would be on the stack of those who have one piece to write.
#[inline(never)]
fn poll_write_pieces<S: AsyncWrite + Unpin>(
    stream: Pin<&mut S>,
    out: &Output,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); AT_ONCE];
    let count = out.slices(&mut slices, MOST);
    stream.poll_write_vectored(context, slices.get(..count).unwrap_or_default())
}
