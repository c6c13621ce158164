use std::fmt;

use super::Peer;
use crate::wire::packify::{self, DecodeLimits, Value};

/// Writes peers into management messages and reads them: the content of ADVERTISE_PEER,
/// PEER_DISCOVERED and DISCONNECT.
///
/// The default is [`PackifyPeers`]. Another one is for applications whose nodes all have it.
///
/// ```
/// use netaio::peer::{Peer, PeerPlugin};
///
/// /// An id of 4 bytes, then the data.
/// #[derive(Debug)]
/// struct Short;
///
/// impl PeerPlugin for Short {
///     fn pack(&self, peer: &Peer) -> Vec<u8> {
///         [peer.id(), peer.data()].map(|part| part.as_ref()).concat()
///     }
///
///     fn unpack(&self, content: &[u8]) -> Option<Peer> {
///         let (id, data) = content.split_at_checked(4)?;
///         Some(Peer::new(id.to_vec()).with_data(data.to_vec()))
///     }
/// }
/// ```
#[doc(alias = "PeerPluginProtocol")]
pub trait PeerPlugin: fmt::Debug + Send + Sync + 'static {
    /// Writes a peer's id and data.
    fn pack(&self, peer: &Peer) -> Vec<u8>;

    /// Reads an id and data; `None` when the bytes are something else.
    fn unpack(&self, content: &[u8]) -> Option<Peer>;

    /// Returns whether a peer is one to remember; the default takes every one.
    #[doc(alias = "validate")]
    fn accepts(&self, _peer: &Peer) -> bool {
        true
    }
}

/// The original's way: a packify tuple of id and data, both bytes.
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "DefaultPeerPlugin")]
pub struct PackifyPeers;

impl PeerPlugin for PackifyPeers {
    fn pack(&self, peer: &Peer) -> Vec<u8> {
        let (id, data) = (peer.id.clone(), peer.data.clone());
        // It fails from 4 GiB on, which no message can carry anyhow.
        packify::encode(&Value::Tuple(vec![Value::Bytes(id), Value::Bytes(data)]))
            .unwrap_or_default()
    }

    fn unpack(&self, content: &[u8]) -> Option<Peer> {
        // A tuple of two byte strings, and nothing deeper.
        let limits = DecodeLimits::default().depth(2).items(4);
        let Ok(Value::Tuple(items)) = packify::decode_with(content, &limits) else { return None };
        let [Value::Bytes(id), Value::Bytes(data)] = items.as_slice() else { return None };
        Some(Peer::new(id.clone()).with_data(data.clone()))
    }
}
