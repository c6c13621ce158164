use std::sync::Arc;

use super::Peer;

/// Something that happened to the peers an endpoint knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerEvent {
    /// A peer has made itself known.
    Discovered(Arc<Peer>),
    /// A known peer has other data than before.
    Updated(Arc<Peer>),
    /// A peer took leave, its connection ended, or it was not heard of for too long.
    Lost(Arc<Peer>),
}

impl PeerEvent {
    /// Returns the peer it happened to.
    #[must_use]
    pub fn peer(&self) -> &Arc<Peer> {
        match self {
            Self::Discovered(peer) | Self::Updated(peer) | Self::Lost(peer) => peer,
        }
    }
}
