use std::fmt;

use super::Environment;
use crate::wire::{AuthFields, Body, MessageType};

/// Which way a message travels, seen from this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// This node is sending it.
    Outgoing,
    /// This node has received it.
    Incoming,
}

/// What is known of the peer a message comes from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerView<'a> {
    /// The id that the peer claims.
    pub id: &'a [u8],
    /// The peer's packed data, normally a packify dict.
    pub data: &'a [u8],
}

/// What a plugin may know of the message beside its fields and body.
#[derive(Debug, Clone, Copy)]
pub struct PluginContext<'a> {
    pub(crate) environment: &'a dyn Environment,
    pub(crate) message_type: MessageType,
    pub(crate) direction: Direction,
    pub(crate) peer: Option<PeerView<'a>>,
}

impl<'a> PluginContext<'a> {
    /// Makes a context, as an endpoint does for each message; useful to test a plugin by itself.
    #[must_use]
    pub fn new(
        environment: &'a dyn Environment,
        message_type: MessageType,
        direction: Direction,
    ) -> Self {
        Self { environment, message_type, direction, peer: None }
    }

    /// Adds what is known of the other side.
    #[must_use]
    pub fn with_peer(mut self, peer: PeerView<'a>) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Returns the time in seconds since the Unix epoch.
    #[must_use]
    pub fn unix_time(&self) -> u64 {
        self.environment.unix_time()
    }

    /// Returns `N` random bytes fit for a nonce or an iv.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.environment.fill_random(&mut bytes);
        bytes
    }

    /// Returns the type of the message.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns which way the message travels.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns what is known of the other side, if it made itself known.
    #[must_use]
    pub fn peer(&self) -> Option<PeerView<'a>> {
        self.peer
    }
}

/// Seals the bodies of messages and opens them.
///
/// A cipher of an *inner* layer must leave the uri readable, since the handler is found by it:
/// see [`seals_uri`](Self::seals_uri).
#[doc(alias = "CipherPluginProtocol")]
pub trait CipherPlugin: fmt::Debug + Send + Sync + 'static {
    /// Returns a short name for logs and errors, such as `sha256-stream`.
    fn name(&self) -> &str;

    /// Seals a body; it may write fields that the receiver needs, such as an iv.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError`] when the body can't be sealed: the message is not sent.
    fn encrypt(
        &self,
        fields: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, CipherError>;

    /// Opens a sealed body.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError`] when it can't be opened: the message is dropped.
    fn decrypt(
        &self,
        fields: &AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, CipherError>;

    /// Returns the names of the fields that belong to this plugin alone.
    ///
    /// Two layers that name the same field are refused when the app is built.
    fn field_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns whether the uri is sealed too; the default is false.
    fn seals_uri(&self) -> bool {
        false
    }

    /// Returns whether what it makes depends on the receiving peer; the default is false.
    ///
    /// A notification is prepared once for all recipients only when no layer is peer-specific.
    fn is_peer_specific(&self) -> bool {
        false
    }
}

/// Why a body could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// A field that the cipher needs is missing.
    #[error("the field {0:?} is missing")]
    MissingField(String),
    /// A field that the cipher needs has the wrong type or size.
    #[error("the field {0:?} is malformed")]
    MalformedField(String),
    /// What came out is not a body.
    #[error("the opened text is not a message body")]
    Malformed,
    /// The sealed text was changed or sealed with another key.
    #[error("the sealed text does not open with this key")]
    Mismatch,
    /// The peer's key is not known.
    #[error("no key is known of this peer")]
    UnknownPeer,
    /// The sealed or opened body exceeds what a message can carry.
    #[error("the body is too large")]
    TooLarge,
    /// Any other cause, in the plugin's words.
    #[error("{0}")]
    Other(String),
}
