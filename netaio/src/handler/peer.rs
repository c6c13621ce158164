use std::convert::Infallible;

use super::{Context, FromContext, IntoErrorReply, ReplyError};
use crate::peer::Peer;

/// No peer has made itself known from the sender's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("make yourself known first: send ADVERTISE_PEER")]
pub struct UnknownPeer;

impl IntoErrorReply for UnknownPeer {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::not_permitted(self.to_string())
    }
}

/// The peer that made itself known from the sender's address; a stranger is answered
/// NOT_PERMITTED.
///
/// What a peer says of itself is a claim. Only a layer that is bound to it, or to what it says,
/// proves anything.
impl<S> FromContext<S> for Peer {
    type Rejection = UnknownPeer;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        context.peer().map(|peer| Self::clone(&peer)).ok_or(UnknownPeer)
    }
}

/// The peer that made itself known from the sender's address, or `None` for a stranger.
impl<S> FromContext<S> for Option<Peer> {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        Ok(context.peer().map(|peer| Peer::clone(&peer)))
    }
}
