use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Response, ServerName};
use crate::{handler::SendError, wire::BodyTooLarge};

/// A server can't be reached.
#[derive(Debug, Clone, thiserror::Error)]
#[error("can't connect to {server}")]
pub struct ConnectError {
    pub(super) server: ServerName,
    pub(super) source: Arc<io::Error>,
}

impl ConnectError {
    /// Returns the server, as it was named.
    #[must_use]
    pub fn server(&self) -> &ServerName {
        &self.server
    }

    /// Returns the kind of failure: `ConnectionRefused` when nobody listens there, `TimedOut` when
    /// nobody answers.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// Why a call has no good answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No answer came in time. The server may have handled the message all the same.
    #[error("no answer about \"{}\" within {after:?}", uri.escape_ascii())]
    TimedOut {
        /// The uri of the call.
        uri: Bytes,
        /// How long it waited.
        after: Duration,
    },
    /// The connection is gone. The server may have handled the message all the same; it is not
    /// sent again.
    #[error("the connection is closed: {reason}")]
    Closed {
        /// Why it ended.
        reason: Arc<str>,
    },
    /// The message could not be sent.
    #[error("the message could not be sent")]
    Send(#[from] SendError),
    /// The server answered NOT_FOUND.
    #[error("not found: {}", .0.text())]
    NotFound(Box<Response>),
    /// The server answered NOT_PERMITTED.
    #[error("not permitted: {}", .0.text())]
    NotPermitted(Box<Response>),
    /// The server answered AUTH_ERROR: a wrong or missing secret, in the outer or the inner layer.
    #[error("auth failed: {}", .0.text())]
    Auth(Box<Response>),
    /// The server answered ERROR.
    #[error("the server reports: {}", .0.text())]
    Error(Box<Response>),
}

impl RequestError {
    pub(super) fn not_connected() -> Self {
        Self::Closed { reason: "not connected".into() }
    }

    /// Returns whether no answer came in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// Returns whether the connection was gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Send(SendError::Closed))
    }

    /// Returns the server's answer, if it is one that makes the error.
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        match self {
            Self::NotFound(response)
            | Self::NotPermitted(response)
            | Self::Auth(response)
            | Self::Error(response) => Some(response),
            _ => None,
        }
    }
}

impl From<BodyTooLarge> for RequestError {
    fn from(error: BodyTooLarge) -> Self {
        Self::Send(error.into())
    }
}
