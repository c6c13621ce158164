use std::io;

use crate::{
    handler::{BuildError, SendError},
    net::client::{ConnectError, RequestError},
    wire::BodyTooLarge,
};

/// Any error of this crate, for programs that pass them all on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An app can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A server can't be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A call has no good answer.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A message can't be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A message is too large.
    #[error(transparent)]
    TooLarge(#[from] BodyTooLarge),
    /// The operating system refused, for example to bind an address.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
