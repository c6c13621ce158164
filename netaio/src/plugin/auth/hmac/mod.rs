mod binding;
mod mac;

use std::fmt;

use subtle::ConstantTimeEq;

pub use self::binding::Binding;
use self::mac::MacKey;
use super::{
    AuthError, AuthFailure, AuthPlugin,
    shared::{NONCE_LENGTH, TS_LENGTH, fixed, time},
};
use crate::{
    plugin::{Fingerprint, PluginContext, Proof, key::SharedKey},
    wire::{AuthFields, Body},
};

const MAC_LENGTH: usize = 32;

/// HMAC-SHA256 over the timestamp and the body, under a shared secret.
///
/// | field | default name | bytes |
/// |---|---|---|
/// | nonce | `nonce` | 16 random ones, shared between layers |
/// | time | `ts` | 4, Unix seconds, big-endian, shared between layers |
/// | MAC | `hmac` | 32 |
/// | binding MAC | `hmac_bind` | 32, and the names of the covered fields; see [`binding`](Self::binding) |
///
/// A second layer needs another name for its MAC: [`field`](Self::field). The MAC covers neither
/// the message type nor the other fields, as in the original: use a secret of its own for what
/// must not be confused, or [`binding`](Self::binding) where all nodes are ours. Secrets under 16 bytes are accepted, since the original's examples use
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
    binding_key: SharedKey,
    binding: Binding,
    mac_field: String,
    nonce_field: String,
    ts_field: String,
}

impl HmacAuth {
    /// Makes a plugin from a shared secret, text or bytes.
    #[must_use]
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        let key = SharedKey::new(secret.as_ref(), "mac");
        Self {
            binding_key: key.with_purpose("bind"),
            key,
            binding: Binding::Off,
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

    /// Sets how to deal with a second MAC that covers the message's type, who sent it, and all
    /// other fields too; the default is [`Binding::Off`].
    ///
    /// ```
    /// use netaio::plugin::{Binding, HmacAuth};
    ///
    /// let auth = HmacAuth::new("we attack at dawn, or later").binding(Binding::Require);
    /// ```
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.binding = binding;
        self
    }

    fn check_plain(&self, fields: &AuthFields, body: &Body) -> Result<(), AuthFailure> {
        // Exact lengths: the MAC covers ts || body, so a ts of another length would let bytes
        // move between the two under one MAC.
        let ts = fixed::<TS_LENGTH>(fields, &self.ts_field)?;
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field)?;
        let mac = fixed::<MAC_LENGTH>(fields, &self.mac_field)?;
        if *ts == [0; TS_LENGTH] {
            return Err(AuthFailure::Malformed(self.ts_field.clone()));
        }
        same(&MacKey::new(&self.key.derive(nonce)).mac(ts, body.encoded()), mac)
    }

    fn binding_field(&self) -> String {
        format!("{}_bind", self.mac_field)
    }

    /// Binds what is there: all fields of this layer and those further in.
    fn bind(
        &self,
        fields: &mut AuthFields,
        nonce: &[u8; NONCE_LENGTH],
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        let field = self.binding_field();
        fields.remove(&field);
        let mut names: Vec<_> = fields.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let input = binding::input(fields, &names, body.encoded(), context)
            .ok_or_else(|| AuthError::Other("a field is gone".into()))?;
        let mac = MacKey::new(&self.binding_key.derive(nonce)).mac_of_whole(input.bytes());
        let value = binding::write(&mac, &names)?;
        fields.set(&field, &value);
        Ok(())
    }

    fn check_bound(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthFailure> {
        let (mac, names) = binding::read(fields, &self.binding_field())?;
        fixed::<TS_LENGTH>(fields, &self.ts_field)?;
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field)?;
        // The nonce is part of the key, the time must be covered.
        if !names.contains(&&*self.ts_field) {
            return Err(AuthFailure::Malformed(self.binding_field()));
        }
        let input =
            binding::input(fields, &names, body.encoded(), context).ok_or(AuthFailure::Mismatch)?;
        same(&MacKey::new(&self.binding_key.derive(nonce)).mac_of_whole(input.bytes()), mac)
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
        let ts = time(fields, &self.ts_field, context)?;
        if self.binding != Binding::Require {
            let mac = MacKey::new(&self.key.derive(&nonce)).mac(&ts, body.encoded());
            fields.set(&self.mac_field, &mac);
        }
        if self.binding != Binding::Off {
            self.bind(fields, &nonce, body, context)?;
        }
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        let is_bound = match self.binding {
            Binding::Off => false,
            Binding::Offer => fields.get(&self.binding_field()).is_some(),
            Binding::Require => true,
        };
        if is_bound {
            self.check_bound(fields, body, context)?;
        }
        // Whatever is there must be right: repetitions are known by it.
        if !is_bound || (self.binding == Binding::Offer && fields.get(&self.mac_field).is_some()) {
            self.check_plain(fields, body)?;
        }
        Ok(Proof::anonymous())
    }

    fn fingerprint(&self, fields: &AuthFields, _: &Body) -> Option<Fingerprint> {
        let ts = fixed::<TS_LENGTH>(fields, &self.ts_field).ok()?;
        let plain = || fields.get(&self.mac_field)?.bytes();
        let mac = match self.binding {
            Binding::Off => plain(),
            Binding::Offer => plain().or_else(|| fields.get(&self.binding_field())?.bytes()),
            Binding::Require => fields.get(&self.binding_field())?.bytes(),
        };
        Some(Fingerprint::new(mac?)?.at(u32::from_be_bytes(*ts)))
    }

    fn field_names(&self) -> Vec<String> {
        let mut names = vec![self.mac_field.clone()];
        names.extend((self.binding != Binding::Off).then(|| self.binding_field()));
        names
    }

    fn error_text(&self) -> &str {
        "HMAC auth failed"
    }
}

impl fmt::Debug for HmacAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacAuth")
            .field("mac_field", &self.mac_field)
            .field("binding", &self.binding)
            .finish_non_exhaustive()
    }
}

/// Compares two MACs in constant time.
#[allow(clippy::indexing_slicing, reason = "32 bytes have two halves")]
fn same(ours: &[u8; MAC_LENGTH], theirs: &[u8; MAC_LENGTH]) -> Result<(), AuthFailure> {
    // As two numbers: `subtle` compares bytes one by one.
    let halves = |mac: &[u8; MAC_LENGTH]| {
        let (halves, _) = mac.as_chunks();
        [halves[0], halves[1]].map(u128::from_ne_bytes)
    };
    if bool::from(halves(ours).ct_eq(&halves(theirs))) {
        Ok(())
    } else {
        Err(AuthFailure::Mismatch)
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
            let key = MacKey::new(&key.derive(&hex(&case["iv"])));
            let message = hex(&case["message"]);
            assert_eq!(key.mac_of_whole(&message)[..], hex(&case["mac"]), "{}", case["name"]);
            if let Some((head, rest)) = message.split_first_chunk() {
                assert_eq!(key.mac(head, rest)[..], hex(&case["mac"]), "{}", case["name"]);
            }
        }
    }
}
