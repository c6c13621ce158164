//! Streams that others than the connection's task can write to.

use std::{
    any::Any,
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::{TcpStream, tcp},
};

use crate::pubsub::Writer;

/// A TCP stream whose writing half is shared: with the outbox, so that who publishes can send.
#[derive(Debug)]
pub(super) struct SharedStream {
    reading: tcp::OwnedReadHalf,
    writing: Arc<WriteHalf>,
}

/// The writing half; only one at a time may use it, as the outbox sees to.
pub(super) struct WriteHalf(tcp::OwnedWriteHalf);

impl SharedStream {
    /// Shares a stream if it is of TCP; gives back any other.
    pub(super) fn new<S: 'static>(stream: S) -> Result<Self, S> {
        let mut stream = Some(stream);
        let tcp = (&mut stream as &mut dyn Any).downcast_mut::<Option<TcpStream>>();
        if let Some(tcp) = tcp.and_then(Option::take) {
            return Ok(tcp.into());
        }
        Err(stream.expect("it is not taken"))
    }

    /// Tries to write until the stream takes something or fails.
    fn poll_with(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&tcp::OwnedWriteHalf) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let stream = &self.writing.0;
        loop {
            match write(stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(stream.as_ref().poll_write_ready(context))?;
                }
                written => return Poll::Ready(written),
            }
        }
    }

    pub(super) fn writer(&self) -> Arc<dyn Writer> {
        Arc::clone(&self.writing) as _
    }
}

impl From<TcpStream> for SharedStream {
    fn from(stream: TcpStream) -> Self {
        let (reading, writing) = stream.into_split();
        Self { reading, writing: Arc::new(WriteHalf(writing)) }
    }
}

impl Writer for WriteHalf {
    fn try_write(&self, frames: &[IoSlice<'_>]) -> io::Result<usize> {
        match frames {
            // The common case: one frame needs no list of them.
            [frame] => self.0.try_write(frame),
            frames => self.0.try_write_vectored(frames),
        }
    }

    fn is_ready(&self) -> bool {
        self.0.as_ref().try_io(Interest::WRITABLE, || Ok(())).is_ok()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteHalf")
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reading).poll_read(context, buffer)
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(context, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(context, |stream| stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = SockRef::from(self.writing.0.as_ref());
        Poll::Ready(stream.shutdown(std::net::Shutdown::Write))
    }
}
