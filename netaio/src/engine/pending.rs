use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;

use super::metrics::Timer;
use crate::{handler::Reply, plugin::Layer};

/// What a reply needs to know of its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReplyTo<'a> {
    pub(crate) uri: &'a [u8],
    /// What it may lend its reply.
    pub(crate) block: Option<&'a Bytes>,
    /// The inner layer of the handler.
    pub(crate) layer: &'a Layer,
    pub(crate) handler: &'static str,
    pub(crate) timer: Timer,
}

/// A handler that has not answered yet.
pub(crate) struct Pending {
    pub(crate) future: Pin<Box<dyn Future<Output = Reply> + Send>>,
    pub(super) uri: Bytes,
    pub(super) layer: Layer,
    pub(crate) handler: &'static str,
    pub(super) timer: Timer,
    pub(crate) timeout: Duration,
    /// In which the handler runs on.
    pub(super) span: tracing::Span,
}

/// Why a handler gave no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HandlerFailure {
    Panicked(String),
    TimedOut,
}

impl Pending {
    /// Returns what its reply needs to know of the request.
    pub(crate) fn reply_to(&self) -> ReplyTo<'_> {
        let Self { uri, layer, handler, timer, .. } = self;
        ReplyTo { uri, block: None, layer, handler, timer: *timer }
    }

    /// Runs the handler further; a panic ends it like an error.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Reply, HandlerFailure>> {
        let (span, future) = (&self.span, &mut self.future);
        match catch(|| span.in_scope(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic.into())),
        }
    }
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("reply_to", &self.reply_to()).finish_non_exhaustive()
    }
}

/// Runs a handler's code; a panic is given back.
#[inline(always)]
pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    // What the handler leaves half done is its own: it is dropped, or behind the app's own locks,
    // which poison.
    catch_unwind(AssertUnwindSafe(run))
}

impl From<Box<dyn Any + Send>> for HandlerFailure {
    #[cold]
    fn from(panic: Box<dyn Any + Send>) -> Self {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref().cloned());
        Self::Panicked(text.unwrap_or_else(|| "no message".into()))
    }
}
