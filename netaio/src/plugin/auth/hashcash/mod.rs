mod demand;
mod stamp;

use std::{fmt, sync::Arc};

use self::{
    demand::Demand,
    stamp::{COUNTER_LENGTH, Stamp},
};
use super::{
    AuthError, AuthFailure, AuthPlugin,
    shared::{NONCE_LENGTH, TS_LENGTH, fixed},
};
use crate::{
    plugin::{Fingerprint, PluginContext, Proof, Role},
    wire::{AuthFields, Body},
};

/// Proof of work: whoever sends a message has spent time on it, so that sending many costs much.
///
/// It needs no secret, so it proves nothing of who sent the message, and nothing keeps others from
/// changing what it does not cover; put another plugin behind it with
/// [`Chain`](crate::plugin::Chain). Checking costs one hash, so it comes first.
///
/// # Who pays
///
/// Whoever asks. What answers carries no stamp: the types for which
/// [`MessageType::is_response`](crate::MessageType::is_response) is true, and all that a server
/// sends. A client demands none.
///
/// A stamp pays for one message: the same message again is refused, whatever the endpoint's
/// [`ReplayPolicy`](crate::ReplayPolicy), and so is one whose time is outside of that policy's
/// window. What lacks a good stamp is dropped without an answer.
///
/// # Stamps
///
/// | field | default name | bytes |
/// |---|---|---|
/// | nonce | `nonce` | 16 random ones, shared between layers |
/// | time | `ts` | 4, Unix seconds, big-endian, shared between layers |
/// | stamp | `hashcash` | 8: the counter |
///
/// A stamp is worth as many bits as this hash has leading zeros:
///
/// ```text
/// SHA-256("netaio-hashcash-1" || length of app id, 1 byte || app id || ts || nonce || body || counter)
/// ```
///
/// The body is the encoded one, sealed if a cipher of the same or a further inner layer seals it.
/// The counter comes last, so that who looks for it hashes only the last block again.
///
/// # How much to demand
///
/// Each bit doubles the work: on one core of a server, 16 bits take some 6 ms, 20 bits 0.1 s,
/// 24 bits 1.6 s on average. Nothing on the wire tells what is demanded; both ends are configured.
/// [`under_load`](Self::under_load) demands more of a busy server's clients.
///
/// # Examples
///
/// ```
/// use netaio::plugin::{Chain, HashcashAuth, HmacAuth};
///
/// let auth = Chain::new()
///     .then(HashcashAuth::new("weather", 18))
///     .then(HmacAuth::new("we attack at dawn, or later"));
/// ```
#[derive(Clone)]
pub struct HashcashAuth {
    app_id: Arc<[u8]>,
    demand: Arc<Demand>,
    pays: u8,
    stamp_field: String,
    nonce_field: String,
    ts_field: String,
}

impl HashcashAuth {
    /// The most bits that can be demanded; a core would need days for more.
    pub const MOST_BITS: u8 = 40;

    /// Stamps worth more than this are made on a thread of their own.
    const QUICK_BITS: u8 = 10;

    /// Makes a plugin that demands and makes stamps of so many bits, for one application.
    ///
    /// # Panics
    ///
    /// Panics with more than [`MOST_BITS`](Self::MOST_BITS) bits, or an app id of more than 255
    /// bytes.
    #[must_use]
    pub fn new(app_id: impl AsRef<[u8]>, bits: u8) -> Self {
        let app_id = app_id.as_ref();
        assert!(app_id.len() <= 255, "an app id has at most 255 bytes");
        Self {
            app_id: app_id.into(),
            demand: Arc::new(Demand::fixed(possible(bits))),
            pays: bits,
            stamp_field: "hashcash".into(),
            nonce_field: "nonce".into(),
            ts_field: "ts".into(),
        }
    }

    /// Demands one bit more each time that the stamps that are paid in a second double, from this
    /// rate on, up to so many bits.
    ///
    /// Those who pay more from the start, with [`pay`](Self::pay), get through then.
    ///
    /// # Panics
    ///
    /// Panics with more than [`MOST_BITS`](Self::MOST_BITS) bits.
    #[must_use]
    pub fn under_load(mut self, per_second: u32, most_bits: u8) -> Self {
        self.demand = Arc::new(self.demand.rising(per_second, possible(most_bits)));
        self
    }

    /// Sets how many bits the stamps of messages from here are worth; the default is what is
    /// demanded of others. With 0 they carry none.
    ///
    /// # Panics
    ///
    /// Panics with more than [`MOST_BITS`](Self::MOST_BITS) bits.
    #[must_use]
    pub fn pay(mut self, bits: u8) -> Self {
        self.pays = possible(bits);
        self
    }

    /// Sets the name of the field that carries the stamp; the default is `hashcash`.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.stamp_field = name.into();
        self
    }

    /// Returns how many bits are demanded now.
    #[must_use]
    pub fn demanded(&self) -> u8 {
        self.demand.bits()
    }

    fn read(&self, fields: &AuthFields, body: &Body) -> Result<Stamp, AuthFailure> {
        let ts = paid(fields, &self.ts_field)?;
        let nonce = paid(fields, &self.nonce_field)?;
        let counter = paid(fields, &self.stamp_field)?;
        Ok(Stamp::new(&self.app_id, ts, nonce, body.encoded()).with(counter))
    }

    /// Returns whether a message from here carries a stamp.
    fn pays(&self, context: &PluginContext<'_>) -> bool {
        self.pays > 0 && context.role() != Role::Server && !context.message_type().is_response()
    }
}

fn possible(bits: u8) -> u8 {
    let most = HashcashAuth::MOST_BITS;
    assert!(bits <= most, "nobody can pay {bits} bits; {most} are the most");
    bits
}

/// Reads a field; without it the message is unpaid, which is not answered.
fn paid<'f, const N: usize>(
    fields: &'f AuthFields,
    name: &str,
) -> Result<&'f [u8; N], AuthFailure> {
    fixed(fields, name).map_err(|failure| AuthFailure::Ignored(failure.to_string()))
}

impl AuthPlugin for HashcashAuth {
    fn name(&self) -> &str {
        "hashcash"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        if !self.pays(context) {
            return Ok(());
        }
        if self.takes_time(context) && !context.may_take_time() {
            let text = "a stamp takes time: send the message by a call, which is awaited";
            return Err(AuthError::Other(text.into()));
        }
        // What another layer has set stays; what an application has set may be of another size.
        let nonce = match fixed::<NONCE_LENGTH>(fields, &self.nonce_field) {
            Ok(nonce) => *nonce,
            Err(_) => context.random(),
        };
        let ts = match fixed::<TS_LENGTH>(fields, &self.ts_field) {
            Ok(ts) => *ts,
            Err(_) => {
                u32::try_from(context.unix_time()).map_err(|_| AuthError::Clock)?.to_be_bytes()
            }
        };
        fields.set(&self.nonce_field, &nonce);
        fields.set(&self.ts_field, &ts);
        let stamp = Stamp::new(&self.app_id, &ts, &nonce, body.encoded());
        let start = u64::from_be_bytes(context.random());
        let counter = stamp
            .search(self.pays, start, || context.is_cancelled())
            .ok_or_else(|| AuthError::Other("nobody waits for the message any more".into()))?;
        fields.set(&self.stamp_field, &counter);
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        if context.role() == Role::Client || context.message_type().is_response() {
            return Ok(Proof::anonymous());
        }
        let worth = self.read(fields, body)?.worth();
        let demanded = self.demand.bits();
        if worth < demanded {
            let text = format!("the stamp is worth {worth} bits, and {demanded} are demanded");
            return Err(AuthFailure::Ignored(text));
        }
        self.demand.paid(context.unix_time());
        Ok(Proof::anonymous())
    }

    /// The nonce, which costs nothing to look at: another stamp for the same one pays for the same
    /// message again, and that is not taken.
    fn fingerprint(&self, fields: &AuthFields, _: &Body) -> Option<Fingerprint> {
        fixed::<COUNTER_LENGTH>(fields, &self.stamp_field).ok()?;
        let ts = fixed::<TS_LENGTH>(fields, &self.ts_field).ok()?;
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field).ok()?;
        Some(Fingerprint::new(nonce)?.at(u32::from_be_bytes(*ts)).once())
    }

    fn field_names(&self) -> Vec<String> {
        vec![self.stamp_field.clone()]
    }

    fn takes_time(&self, context: &PluginContext<'_>) -> bool {
        self.pays(context) && self.pays > Self::QUICK_BITS
    }
}

impl fmt::Debug for HashcashAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashcashAuth")
            .field("app_id", &self.app_id.escape_ascii().to_string())
            .field("demand", &self.demand)
            .field("pays", &self.pays)
            .field("field", &self.stamp_field)
            .finish_non_exhaustive()
    }
}
