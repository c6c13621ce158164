use std::io;

use crate::{
    engine::{Engine, count, warn_limited},
    handler::RemoteAddr,
};

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum End {
    #[error("the other end closed the connection")]
    Eof,
    #[error("this end closed the connection")]
    Closed,
    #[error("the connection was cut")]
    Cut,
    #[error("{0}")]
    Refused(&'static str),
    #[error("{}", .0.text())]
    TimedOut(Waiting),
    #[error("the connection failed")]
    Io(#[from] io::Error),
}

impl End {
    /// Counts and logs an end that the other side has caused.
    pub(crate) fn note(&self, engine: &Engine, remote: &RemoteAddr) {
        let count = match self {
            Self::TimedOut(Waiting::FirstFrame) => count::timeouts_first_frame,
            Self::TimedOut(Waiting::Frame) => count::timeouts_frame,
            Self::TimedOut(Waiting::Write) => count::timeouts_write,
            Self::TimedOut(Waiting::Idle) => count::timeouts_idle,
            Self::Io(error) if error.kind() == io::ErrorKind::TimedOut => count::timeouts_keepalive,
            Self::Refused(reason) => {
                return warn_limited!(engine, cut, %remote, reason, "closed a connection");
            }
            _ => return tracing::debug!(%remote, reason = %self, "connection ended"),
        };
        count(&engine.counters);
        warn_limited!(engine, timeouts, %remote, reason = %self, "cut a connection");
    }
}

/// What the deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    FirstFrame,
    Frame,
    Write,
    Idle,
}

impl Waiting {
    fn text(self) -> &'static str {
        match self {
            Self::FirstFrame => "no message came in time",
            Self::Frame => "a message took too long to arrive",
            Self::Write => "the other end does not read",
            Self::Idle => "the connection was idle for too long",
        }
    }
}
