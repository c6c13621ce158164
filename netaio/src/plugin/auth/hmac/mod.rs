mod binding;
mod mac;

use std::fmt;

use netaio_lanes::Backend;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

pub use self::binding::Binding;
use self::mac::MacKey;
use super::{
    AuthError, AuthFailure, AuthPlugin, Unchecked, Unsigned, check_each, make_each,
    shared::{NONCE_LENGTH, TS_LENGTH, fixed, time},
};
use crate::{
    plugin::{Fingerprint, PluginContext, Proof, key::SharedKey, sha256::LANES},
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

    /// Reads the fields of the MAC that the original has.
    fn plain<'f>(&self, fields: &'f AuthFields) -> Result<Plain<'f>, AuthFailure> {
        // Exact lengths: the MAC covers ts || body, so a ts of another length would let bytes
        // move between the two under one MAC.
        let ts = fixed::<TS_LENGTH>(fields, &self.ts_field)?;
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field)?;
        let mac = fixed::<MAC_LENGTH>(fields, &self.mac_field)?;
        if *ts == [0; TS_LENGTH] {
            return Err(AuthFailure::Malformed(self.ts_field.clone()));
        }
        Ok(Plain { ts, nonce, mac })
    }

    fn check_plain(&self, fields: &AuthFields, body: &Body) -> Result<(), AuthFailure> {
        let Plain { ts, nonce, mac } = self.plain(fields)?;
        same(&MacKey::new(&self.key.derive(nonce)).mac(ts, body.encoded()), mac)
    }

    /// Returns the nonce and the time of a message that is to be signed: those that are there, else
    /// new ones.
    fn begin(
        &self,
        fields: &mut AuthFields,
        context: &PluginContext<'_>,
    ) -> Result<([u8; NONCE_LENGTH], [u8; TS_LENGTH]), AuthError> {
        let given = fields.get(&self.nonce_field).and_then(|field| field.bytes()?.try_into().ok());
        let nonce: [u8; NONCE_LENGTH] = match given {
            Some(nonce) => nonce,
            None => {
                let nonce = context.random();
                fields.set(&self.nonce_field, &nonce);
                nonce
            }
        };
        Ok((nonce, time(fields, &self.ts_field, context)?))
    }

    /// Returns the MACs of messages, by nonce, time and body.
    fn macs(&self, messages: &[Covered<'_>]) -> Vec<[u8; MAC_LENGTH]> {
        let mut all = Vec::with_capacity(messages.len());
        for messages in messages.chunks(LANES) {
            let nonces: Vec<&[u8]> = messages.iter().map(|(nonce, ..)| &nonce[..]).collect();
            let covered: Vec<_> =
                messages.iter().map(|&(_, ts, body)| (ts, &body.encoded()[..])).collect();
            let (mut keys, mut macs) = ([[0; 32]; LANES], [[0; MAC_LENGTH]; LANES]);
            self.key.derive_lanes(&nonces, &mut keys);
            MacKey::mac_lanes(&keys, &covered, &mut macs);
            keys.as_flattened_mut().zeroize();
            all.extend(macs.into_iter().take(messages.len()));
        }
        all
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
        let (nonce, ts) = self.begin(fields, context)?;
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

    fn worthwhile_batch(&self) -> Option<usize> {
        Backend::detect().worthwhile().filter(|_| self.binding == Binding::Off)
    }

    fn make_all(
        &self,
        messages: &mut [Unsigned<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<(), AuthError>> {
        if self.binding != Binding::Off {
            return make_each(self, messages, context);
        }
        let begin = |message: &mut Unsigned<'_>| self.begin(message.fields, context);
        let begun: Vec<_> = messages.iter_mut().map(begin).collect();
        let both = || begun.iter().zip(&*messages);
        let begun_well: Vec<_> = both()
            .filter_map(|(begun, message)| {
                begun.as_ref().ok().map(|(nonce, ts)| (nonce, ts, message.body))
            })
            .collect();
        let macs = self.macs(&begun_well);
        let mut macs = macs.iter();
        let end = |(begun, message): (_, &mut Unsigned<'_>)| {
            let _: ([u8; NONCE_LENGTH], [u8; TS_LENGTH]) = begun?;
            macs.next().into_iter().for_each(|mac| message.fields.set(&self.mac_field, mac));
            Ok(())
        };
        begun.into_iter().zip(messages).map(end).collect()
    }

    fn check_all(
        &self,
        messages: &[Unchecked<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<Proof, AuthFailure>> {
        if self.binding != Binding::Off {
            return check_each(self, messages, context);
        }
        let plain: Vec<_> = messages.iter().map(|message| self.plain(message.fields)).collect();
        let well_formed: Vec<_> = plain
            .iter()
            .zip(messages)
            .filter_map(|(plain, message)| {
                plain.as_ref().ok().map(|plain| (plain.nonce, plain.ts, message.body))
            })
            .collect();
        let macs = self.macs(&well_formed);
        let mut macs = macs.iter();
        let check = |plain: Result<Plain<'_>, _>| {
            let plain = plain?;
            let mac = macs.next().ok_or(AuthFailure::Mismatch)?;
            same(mac, plain.mac).map(|()| Proof::anonymous())
        };
        plain.into_iter().map(check).collect()
    }
}

/// What goes into a MAC: the nonce, the time, the body.
type Covered<'a> = (&'a [u8; NONCE_LENGTH], &'a [u8; TS_LENGTH], &'a Body);

/// The fields of a message that its MAC is about, and the MAC.
struct Plain<'f> {
    ts: &'f [u8; TS_LENGTH],
    nonce: &'f [u8; NONCE_LENGTH],
    mac: &'f [u8; MAC_LENGTH],
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
