use std::fmt;

use netaio_lanes::Backend;

use super::{CipherError, CipherPlugin, envelope::Envelope};
use crate::{
    plugin::{PluginContext, key::SharedKey},
    wire::{AuthFields, Body},
};

const IV_LENGTH: usize = 16;

/// A stream cipher made of SHA-256, under a shared key.
///
/// | field | default name | bytes |
/// |---|---|---|
/// | iv | `iv` | 16 random ones, fresh for each message |
///
/// It hides what a message says and nothing else: whoever can change a message on its way can flip
/// bits of the text without knowing the key. Give the same layer, or one further out, an auth
/// plugin. The iv is not under any MAC, as in the original; a message whose iv was changed opens to
/// garbage, most of which is refused for its form when the uri is sealed.
///
/// The uri is sealed too, which an *inner* layer must switch off: the handler is found by it.
///
/// # Examples
///
/// ```
/// use netaio::plugin::{CipherPlugin, Sha256StreamCipher};
///
/// let outer = Sha256StreamCipher::new("the eagle lands at noon");
/// let inner = Sha256StreamCipher::new("and leaves at seven").iv_field("iv2").encrypt_uri(false);
/// assert!(outer.seals_uri() && !inner.seals_uri());
/// ```
#[doc(alias = "Sha256StreamCipherPlugin")]
#[derive(Clone)]
pub struct Sha256StreamCipher {
    key: SharedKey,
    iv_field: String,
    encrypt_uri: bool,
    needs_auth: bool,
}

impl Sha256StreamCipher {
    /// Makes a cipher from a shared key, text or bytes.
    #[must_use]
    pub fn new(key: impl AsRef<[u8]>) -> Self {
        let key = SharedKey::new(key.as_ref(), "enc");
        Self { key, iv_field: "iv".into(), encrypt_uri: true, needs_auth: true }
    }

    /// Sets the name of the field that carries the iv; the default is `iv`.
    #[must_use]
    pub fn iv_field(mut self, name: impl Into<String>) -> Self {
        self.iv_field = name.into();
        self
    }

    /// Sets whether the uri is sealed as well as the content; the default is true.
    #[must_use]
    pub fn encrypt_uri(mut self, encrypt: bool) -> Self {
        self.encrypt_uri = encrypt;
        self
    }

    /// Accepts that messages can be changed on their way, bit by bit: servers, clients and nodes
    /// do not warn any more where no auth plugin protects them.
    #[must_use]
    pub fn danger_without_auth(mut self) -> Self {
        self.needs_auth = false;
        self
    }

    /// Seals a text or opens it: both are the same.
    #[allow(clippy::indexing_slicing, reason = "the places are constants within the block")]
    fn apply(&self, iv: &[u8; IV_LENGTH], text: &mut [u8]) {
        Backend::detect().xor_counter_stream(&self.key.derive(iv), text);
    }
}

impl CipherPlugin for Sha256StreamCipher {
    fn name(&self) -> &str {
        "sha256-stream"
    }

    fn needs_auth(&self) -> bool {
        self.needs_auth
    }

    fn encrypt(
        &self,
        fields: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        let mut envelope = Envelope::to_seal(body, self.encrypt_uri, 0)?;
        let iv = context.random();
        self.apply(&iv, envelope.sealed_part());
        fields.set(&self.iv_field, &iv);
        envelope.into_sealed(context)
    }

    fn decrypt(
        &self,
        fields: &AuthFields,
        body: Body,
        _: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        let Some(field) = fields.get(&self.iv_field) else {
            return Err(CipherError::MissingField(self.iv_field.clone()));
        };
        let Some(iv) = field.bytes().and_then(|iv| iv.try_into().ok()) else {
            return Err(CipherError::MalformedField(self.iv_field.clone()));
        };
        let mut envelope = Envelope::to_open(body, self.encrypt_uri, 0)?;
        self.apply(iv, envelope.sealed_part());
        envelope.into_opened()
    }

    fn field_names(&self) -> Vec<String> {
        vec![self.iv_field.clone()]
    }

    fn seals_uri(&self) -> bool {
        self.encrypt_uri
    }
}

impl fmt::Debug for Sha256StreamCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sha256StreamCipher")
            .field("iv_field", &self.iv_field)
            .field("encrypt_uri", &self.encrypt_uri)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::vectors::{cases, hex, hex_array};

    fn cipher(key: [u8; 32]) -> Sha256StreamCipher {
        let key = SharedKey::from_digest(&key, "enc");
        Sha256StreamCipher { key, ..Sha256StreamCipher::new("a key that is not used") }
    }

    #[test]
    fn wire_vectors_crypto_keystream() {
        for case in cases("keystream") {
            let number = |name: &str| case[name].as_u64().unwrap() as usize;
            let mut stream = vec![0; number("start") + number("length")];
            cipher(hex_array(&case["key"])).apply(&hex_array(&case["iv"]), &mut stream);
            assert_eq!(stream[number("start")..], hex(&case["stream"]), "{}", case["name"]);
        }
    }

    /// A sealed text is iv, MAC, text; the MAC is covered by the cases of `hmac`.
    #[test]
    fn wire_vectors_crypto_seal() {
        for case in cases("seal") {
            let mut text = hex(&case["plaintext"]);
            cipher(hex_array(&case["key"])).apply(&hex_array(&case["iv"]), &mut text);
            let sealed = hex(&case["sealed"]);
            assert_eq!(sealed[..16], hex(&case["iv"]), "{}", case["name"]);
            assert_eq!(sealed[48..], text, "{}", case["name"]);
        }
    }
}
