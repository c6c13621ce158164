use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{Context, FromContext, IntoErrorReply, ReplyError};

/// The certificates by which the other end of a connection proved itself, such as a TLS client's;
/// an argument of handlers.
///
/// They were verified when the connection was made. Taken as `Identity`, a connection without them
/// is answered NOT_PERMITTED; `Option<Identity>` takes both.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    certificates: Arc<[Bytes]>,
}

impl Identity {
    /// Makes an identity of a chain of certificates in DER form, the end's own first.
    #[must_use]
    pub fn new(certificates: impl IntoIterator<Item = Bytes>) -> Self {
        Self { certificates: certificates.into_iter().collect() }
    }

    /// Returns the certificates in DER form, the end's own first.
    #[must_use]
    pub fn certificates(&self) -> &[Bytes] {
        &self.certificates
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificates", &self.certificates.len())
            .finish_non_exhaustive()
    }
}

/// The connection was made without a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connect with a client certificate")]
pub struct NoIdentity;

impl IntoErrorReply for NoIdentity {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::not_permitted(self.to_string())
    }
}

impl<S> FromContext<S> for Identity {
    type Rejection = NoIdentity;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        context.connection().identity().cloned().ok_or(NoIdentity)
    }
}

impl<S> FromContext<S> for Option<Identity> {
    type Rejection = std::convert::Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        Ok(context.connection().identity().cloned())
    }
}
