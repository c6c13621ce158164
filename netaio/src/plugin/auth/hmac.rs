use std::fmt;

use ::hmac::{
    KeyInit, Mac, SimpleHmac,
    digest::{
        FixedOutput, HashMarker, Output, OutputSizeUser, Update,
        common::BlockSizeUser,
        typenum::{U32, U136},
    },
};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{AuthError, AuthFailure, AuthPlugin};
use crate::{
    plugin::{Fingerprint, PluginContext, Proof, key::SharedKey},
    wire::{AuthFields, Body, Field, packify},
};

const NONCE_LENGTH: usize = 16;
const TS_LENGTH: usize = 4;
const MAC_LENGTH: usize = 32;

/// HMAC-SHA256 over the timestamp and the body, under a shared secret.
///
/// | field | default name | bytes |
/// |---|---|---|
/// | nonce | `nonce` | 16 random ones, shared between layers |
/// | time | `ts` | 4, Unix seconds, big-endian, shared between layers |
/// | MAC | `hmac` | 32 |
///
/// A second layer needs another name for its MAC: [`field`](Self::field). The MAC covers neither
/// the message type nor the other fields, as in the original; use a secret of its own for what
/// must not be confused. Secrets under 16 bytes are accepted, since the original's examples use
/// them, and warned of: a short secret can be guessed from one captured message.
///
/// # Examples
///
/// ```
/// use netaio::plugin::HmacAuth;
///
/// let outer = HmacAuth::new("we attack at dawn, or later");
/// let inner = HmacAuth::new("only for administrators!").field("camh");
/// ```
#[doc(alias = "HMACAuthPlugin")]
#[derive(Clone)]
pub struct HmacAuth {
    key: SharedKey,
    mac_field: String,
    nonce_field: String,
    ts_field: String,
}

impl HmacAuth {
    /// Makes a plugin from a shared secret, text or bytes.
    #[must_use]
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        Self {
            key: SharedKey::new(secret.as_ref(), "mac"),
            mac_field: "hmac".into(),
            nonce_field: "nonce".into(),
            ts_field: "ts".into(),
        }
    }

    /// Sets the name of the field that carries the MAC; the default is `hmac`.
    #[must_use]
    #[doc(alias = "hmac_field")]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.mac_field = name.into();
        self
    }

    /// Sets the name of the field that carries the nonce; the default is `nonce`.
    #[must_use]
    pub fn nonce_field(mut self, name: impl Into<String>) -> Self {
        self.nonce_field = name.into();
        self
    }

    /// Sets the name of the field that carries the time; the default is `ts`.
    #[must_use]
    pub fn ts_field(mut self, name: impl Into<String>) -> Self {
        self.ts_field = name.into();
        self
    }

    fn mac(&self, nonce: &[u8], ts: &[u8], body: &[u8]) -> [u8; MAC_LENGTH] {
        let mut mac = SimpleHmac::<WideBlock>::new_from_slice(&*self.key.derive(nonce))
            .expect("a key of 32 bytes is shorter than the block");
        Mac::update(&mut mac, ts);
        Mac::update(&mut mac, body);
        mac.finalize().into_bytes().into()
    }

    fn fixed<'f, const N: usize>(
        fields: &'f AuthFields,
        name: &str,
    ) -> Result<&'f [u8; N], AuthFailure> {
        let field = fields.get(name).ok_or_else(|| AuthFailure::Missing(name.into()))?;
        field
            .bytes()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| AuthFailure::Malformed(name.into()))
    }
}

impl AuthPlugin for HmacAuth {
    fn name(&self) -> &str {
        "hmac"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        let given = fields.get(&self.nonce_field).and_then(|field| field.bytes()?.try_into().ok());
        let nonce: [u8; NONCE_LENGTH] = match given {
            Some(nonce) => nonce,
            None => {
                let nonce = context.random();
                fields.set(&self.nonce_field, &nonce);
                nonce
            }
        };
        let ts = match fields.get(&self.ts_field) {
            Some(field) => given_time(field, &self.ts_field)?,
            None => u32::try_from(context.unix_time()).map_err(|_| AuthError::Clock)?,
        }
        .to_be_bytes();
        fields.set(&self.ts_field, &ts);
        let mac = self.mac(&nonce, &ts, body.encoded());
        fields.set(&self.mac_field, &mac);
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        _: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        // Exact lengths: the MAC covers ts || body, so a ts of another length would let bytes
        // move between the two under one MAC.
        let ts = Self::fixed::<TS_LENGTH>(fields, &self.ts_field)?;
        let nonce = Self::fixed::<NONCE_LENGTH>(fields, &self.nonce_field)?;
        let mac = Self::fixed::<MAC_LENGTH>(fields, &self.mac_field)?;
        if *ts == [0; TS_LENGTH] {
            return Err(AuthFailure::Malformed(self.ts_field.clone()));
        }
        if bool::from(self.mac(nonce, ts, body.encoded()).ct_eq(mac)) {
            Ok(Proof::anonymous())
        } else {
            Err(AuthFailure::Mismatch)
        }
    }

    fn fingerprint(&self, fields: &AuthFields, _: &Body) -> Option<Fingerprint> {
        let ts = Self::fixed::<TS_LENGTH>(fields, &self.ts_field).ok()?;
        let mac = Self::fixed::<MAC_LENGTH>(fields, &self.mac_field).ok()?;
        Some(Fingerprint::new(mac)?.at(u32::from_be_bytes(*ts)))
    }

    fn field_names(&self) -> Vec<String> {
        vec![self.mac_field.clone()]
    }

    fn error_text(&self) -> &str {
        "HMAC auth failed"
    }
}

impl fmt::Debug for HmacAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacAuth").field("mac_field", &self.mac_field).finish_non_exhaustive()
    }
}

/// Reads a time that another layer or the application has set.
fn given_time(field: Field<'_>, name: &str) -> Result<u32, AuthError> {
    let refused = || AuthError::Field(name.into(), "a number of at most 4 bytes");
    if let Some(bytes) = field.bytes() {
        let significant = bytes.iter().skip_while(|&&byte| byte == 0);
        if significant.clone().count() > TS_LENGTH {
            return Err(refused());
        }
        return Ok(significant.fold(0, |number, &byte| number << 8 | u32::from(byte)));
    }
    match field.value() {
        Ok(packify::Value::Int(number)) => u32::try_from(&number).map_err(|_| refused()),
        _ => Err(refused()),
    }
}

/// SHA-256 that says its block is 136 bytes long: the original pads HMAC keys to that length.
#[derive(Clone, Default)]
struct WideBlock(Sha256);

impl HashMarker for WideBlock {}

impl OutputSizeUser for WideBlock {
    type OutputSize = U32;
}

impl BlockSizeUser for WideBlock {
    type BlockSize = U136;
}

impl Update for WideBlock {
    fn update(&mut self, data: &[u8]) {
        Update::update(&mut self.0, data);
    }
}

impl FixedOutput for WideBlock {
    fn finalize_into(self, out: &mut Output<Self>) {
        FixedOutput::finalize_into(self.0, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::vectors::{cases, hex, hex_array};

    #[test]
    fn wire_vectors_crypto_hmac() {
        for case in cases("hmac") {
            let key = SharedKey::from_digest(&hex_array(&case["key"]), "mac");
            let plugin = HmacAuth { key, ..HmacAuth::new("a secret that is not used") };
            let mac = plugin.mac(&hex(&case["iv"]), &[], &hex(&case["message"]));
            assert_eq!(mac[..], hex(&case["mac"]), "{}", case["name"]);
        }
    }
}
