use bytes::Bytes;

use super::RemoteAddr;
use crate::{
    plugin::PeerView,
    wire::packify::{self, DecodeError, DecodeLimits, EncodeError, Value},
};

/// A node, as it makes itself known: an id, and data that is normally a packify dict.
///
/// ```
/// use netaio::peer::Peer;
///
/// let peer = Peer::new("node-1").with("name", "Alice")?;
/// assert_eq!(peer.get("name").unwrap().as_str(), Some("Alice"));
/// # Ok::<(), netaio::peer::PeerDataError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    pub(super) id: Bytes,
    pub(super) data: Bytes,
    pub(super) addrs: Vec<RemoteAddr>,
}

/// How deeply a peer's data may nest to be read, and how many items it may have.
const MAX_DEPTH: usize = 32;
const MAX_ITEMS: usize = 4_096;

impl Peer {
    /// Makes a peer without data.
    pub fn new(id: impl Into<Bytes>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// Adds a value to the data, under a name; a value of that name is replaced.
    ///
    /// # Errors
    ///
    /// Returns [`PeerDataError`] when the data set before is no dict, or the value can't be
    /// encoded.
    pub fn with(self, name: &str, value: impl Into<Value>) -> Result<Self, PeerDataError> {
        let mut entries = match self.value() {
            _ if self.data.is_empty() => Vec::new(),
            Ok(Value::Dict(entries)) => entries,
            Ok(_) | Err(_) => return Err(PeerDataError::NotADict),
        };
        entries.retain(|(key, _)| !matches!(key, Value::Str(key) if key == name));
        entries.push((name.into(), value.into()));
        let data = packify::encode(&Value::Dict(entries))?.into();
        Ok(Self { data, ..self })
    }

    /// Sets the data as bytes, encoded in whatever way the peers of the application agree on.
    #[must_use]
    pub fn with_data(self, data: impl Into<Bytes>) -> Self {
        Self { data: data.into(), ..self }
    }

    /// Returns the id that the peer claims.
    #[must_use]
    pub fn id(&self) -> &Bytes {
        &self.id
    }

    /// Returns the data as it was sent.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Returns the addresses it was heard from: the one that owns its id first.
    #[must_use]
    pub fn addrs(&self) -> &[RemoteAddr] {
        &self.addrs
    }

    /// Decodes the data.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError`] when it is no packify value, or nested deeper than 32 levels.
    #[doc(alias = "parse_data")]
    pub fn value(&self) -> Result<Value, DecodeError> {
        let limits = DecodeLimits::default().depth(MAX_DEPTH).items(MAX_ITEMS);
        packify::decode_with(&self.data, &limits)
    }

    /// Decodes the data and returns the value under a name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        self.value().ok()?.get(name).cloned()
    }

    /// Returns what plugins see of it.
    #[must_use]
    pub fn view(&self) -> PeerView<'_> {
        PeerView { id: &self.id, data: &self.data }
    }
}

/// Why a value could not be added to a peer's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerDataError {
    /// The data that is there is no dict, so it has no names.
    #[error("the data set before is no packify dict, so nothing can be added under a name")]
    NotADict,
    /// The value can't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}
