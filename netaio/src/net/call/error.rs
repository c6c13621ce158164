use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use super::Response;
use crate::{handler::SendError, wire::BodyTooLarge};

/// Why a call has no good answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No answer came in time. The server may have handled the message all the same.
    #[error("no answer about \"{}\" within {after:?}{}", uri.escape_ascii(), Hint(hint.as_deref()))]
    TimedOut {
        /// The uri of the call.
        uri: Bytes,
        /// How long it waited.
        after: Duration,
        /// An error that came meanwhile on UDP without naming a call: the probable cause, if one
        /// trusts the network.
        hint: Option<Box<Response>>,
    },
    /// The connection is gone. The server may have handled the message all the same; it is not
    /// sent again.
    #[error("the connection is closed: {reason}")]
    Closed {
        /// Why it ended.
        reason: Arc<str>,
    },
    /// The message could not be sent.
    #[error(transparent)]
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
    pub(in crate::net) fn not_connected() -> Self {
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

/// Adds what the probable cause is, if there is one.
struct Hint<'a>(Option<&'a Response>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(response) = self.0 else { return Ok(()) };
        write!(f, "; meanwhile came {}: {}", response.message_type(), response.text())
    }
}
