use std::{io, sync::Arc};

use super::ServerName;

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
