//! Ciphers: who may read a message.

#[cfg(any(feature = "stream-cipher", feature = "asymmetric"))]
mod envelope;
#[cfg(feature = "asymmetric")]
mod nacl_box;
#[cfg(feature = "stream-cipher")]
mod sha256_stream;
#[cfg(feature = "asymmetric")]
mod x25519;

use std::fmt;

#[cfg(feature = "stream-cipher")]
pub use sha256_stream::Sha256StreamCipher;
#[cfg(feature = "asymmetric")]
pub use x25519::X25519Cipher;

use super::{Fingerprint, PluginContext};
use crate::wire::{AuthFields, Body};

/// Seals the bodies of messages and opens them.
///
/// A cipher of an *inner* layer must leave the uri readable, since the handler is found by it:
/// see [`seals_uri`](Self::seals_uri).
///
/// # Examples
///
/// A cipher that hides how long a content is, by filling it up to whole blocks:
///
/// ```
/// use netaio::plugin::{CipherError, CipherPlugin, PluginContext};
/// use netaio::wire::{AuthFields, Body};
///
/// #[derive(Debug)]
/// struct Padding(usize);
///
/// impl CipherPlugin for Padding {
///     fn name(&self) -> &str {
///         "padding"
///     }
///
///     fn encrypt(&self, _: &mut AuthFields, body: Body, _: &PluginContext<'_>) -> Result<Body, CipherError> {
///         let mut content = body.content().to_vec();
///         content.push(0x80);
///         content.resize(content.len().next_multiple_of(self.0), 0);
///         Body::new(body.uri(), content).map_err(|_| CipherError::TooLarge)
///     }
///
///     fn decrypt(&self, _: &AuthFields, body: Body, _: &PluginContext<'_>) -> Result<Body, CipherError> {
///         let end = body.content().iter().rposition(|&byte| byte != 0);
///         match end.and_then(|end| body.content().split_at_checked(end)) {
///             Some((content, [0x80, ..])) => Ok(Body::new(body.uri(), content).expect("it is shorter")),
///             _ => Err(CipherError::Malformed),
///         }
///     }
/// }
///
/// let app = netaio::App::empty();
/// app.on(netaio::MessageType::RequestUri, || "short");
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let layer = netaio::plugin::Layer::new().cipher(Padding(64));
/// let client = netaio::net::memory::connect_layered(app, layer);
/// assert_eq!(client.request("u").await.unwrap().content(), "short");
/// # });
/// ```
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

    /// Returns what tells a sealed body from all others, if the cipher authenticates it; the
    /// default is none: repetitions pass, unless an auth plugin knows them.
    fn fingerprint(&self, _fields: &AuthFields, _body: &Body) -> Option<Fingerprint> {
        None
    }

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

    /// Returns whether a text that was changed on its way fails to open; the default is false.
    ///
    /// A cipher without this needs an auth plugin at it or further out: a server or client that has
    /// none says so when it is built.
    fn detects_changes(&self) -> bool {
        false
    }

    /// Returns whether an endpoint warns of it where no auth plugin protects what it seals; the
    /// default is yes for a cipher that does not detect changes.
    fn needs_auth(&self) -> bool {
        !self.detects_changes()
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
    /// The peer's key is not known: it has not made itself known, or without a key.
    #[error("no key is known of this peer")]
    UnknownPeer,
    /// The peer's key is no key: its size or type is wrong, or all secrets would be the same.
    #[error("the key of this peer can't be used")]
    BadPeerKey,
    /// It would seal the uri of a layer further in, by which the receiver finds the handler.
    #[error("an inner cipher must leave the uri readable: `encrypt_uri(false)`")]
    SealsUri,
    /// The sealed or opened body exceeds what a message can carry.
    #[error("the body is too large")]
    TooLarge,
    /// Any other cause, in the plugin's words.
    #[error("{0}")]
    Other(String),
}
