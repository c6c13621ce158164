//! Auth plugins: who may send a message.

mod chain;
mod check;
#[cfg(feature = "hashcash")]
mod hashcash;
#[cfg(feature = "hmac")]
mod hmac;
#[cfg(any(feature = "hashcash", feature = "hmac", feature = "tapescript"))]
mod shared;
#[cfg(feature = "tapescript")]
mod tapescript;

use std::fmt;

pub use chain::Chain;
pub use check::{Check, check};
#[cfg(feature = "hashcash")]
pub use hashcash::HashcashAuth;
#[cfg(feature = "hmac")]
pub use hmac::{Binding, HmacAuth};
#[cfg(feature = "tapescript")]
pub use tapescript::TapescriptAuth;

use super::{Fingerprint, PluginContext, Proof};
use crate::wire::{AuthFields, Body, MessageType};

/// Signs outgoing messages and checks incoming ones.
///
/// # Examples
///
/// A plugin that asks for a fixed word (for illustration; it protects nothing on an open network):
///
/// ```
/// use netaio::plugin::{AuthError, AuthFailure, AuthPlugin, PluginContext, Proof};
/// use netaio::wire::{AuthFields, Body};
///
/// #[derive(Debug)]
/// struct Password(&'static [u8]);
///
/// impl AuthPlugin for Password {
///     fn name(&self) -> &str {
///         "password"
///     }
///
///     fn make(&self, fields: &mut AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<(), AuthError> {
///         fields.set("password", self.0);
///         Ok(())
///     }
///
///     fn check(&self, fields: &AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<Proof, AuthFailure> {
///         match fields.get("password").and_then(|field| field.bytes()) {
///             Some(word) if word == self.0 => Ok(Proof::anonymous()),
///             Some(_) => Err(AuthFailure::Mismatch),
///             None => Err(AuthFailure::Missing("password".into())),
///         }
///     }
///
///     fn field_names(&self) -> Vec<String> {
///         vec!["password".into()]
///     }
/// }
/// ```
#[doc(alias = "AuthPluginProtocol")]
pub trait AuthPlugin: fmt::Debug + Send + Sync + 'static {
    /// Returns a short name for logs and errors, such as `hmac`.
    fn name(&self) -> &str;

    /// Writes the fields that prove the message's origin.
    ///
    /// Shared fields (`nonce`, `ts`) are kept when another layer has written them.
    ///
    /// # Errors
    ///
    /// Returns [`AuthError`] when the message can't be signed: it is not sent.
    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError>;

    /// Checks the fields of a received message; `Ok` lets it pass, and tells handlers who signed.
    ///
    /// # Errors
    ///
    /// Returns [`AuthFailure`] when the proof is missing, malformed or wrong. The message goes no
    /// further then, whatever the endpoint answers.
    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure>;

    /// Returns what tells a message from all others, from what the fields say: the endpoint uses
    /// it when the check has passed, and for what it sends. The default is none: repetitions pass.
    ///
    /// It is called before the check too, for the time, so it must be cheap.
    fn fingerprint(&self, _fields: &AuthFields, _body: &Body) -> Option<Fingerprint> {
        None
    }

    /// Gives each fingerprint of a message, for a plugin that is made of several, such as
    /// [`Chain`]; the default gives [`fingerprint`](Self::fingerprint).
    fn fingerprints(&self, fields: &AuthFields, body: &Body, note: &mut dyn FnMut(Fingerprint)) {
        self.fingerprint(fields, body).into_iter().for_each(note);
    }

    /// Returns the names of the fields that belong to this plugin alone.
    ///
    /// Two layers that name the same field are refused when the app is built.
    fn field_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the text of the AUTH_ERROR reply; the default is `auth failed`.
    fn error_text(&self) -> &str {
        "auth failed"
    }

    /// Returns whether what it makes or checks depends on the peer; the default is false, and then
    /// [`PluginContext::peer`] may be none.
    fn is_peer_specific(&self) -> bool {
        false
    }

    /// Returns whether [`make`](Self::make) takes so long, some milliseconds, that it must not run
    /// on the runtime's threads; the default is false.
    ///
    /// Calls then make it on a thread for such, and stop it when nobody awaits them any more: see
    /// [`PluginContext::is_cancelled`]. What is sent without awaiting anything can't wait for it:
    /// there [`PluginContext::may_take_time`] is false, and the plugin should refuse.
    fn takes_time(&self, _context: &PluginContext<'_>) -> bool {
        false
    }

    /// Returns of how many messages on it takes less to sign or check them together, with
    /// [`make_all`](Self::make_all) and [`check_all`](Self::check_all), than one after the other;
    /// the default is none.
    ///
    /// A message is then checked before the handlers of those that came just before it have run, so
    /// [`check`](Self::check) must not depend on what they do, nor have effects.
    fn worthwhile_batch(&self) -> Option<usize> {
        None
    }

    /// Signs several messages as [`make`](Self::make) does each; `context` is that of all of them,
    /// but for their types.
    fn make_all(
        &self,
        messages: &mut [Unsigned<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<(), AuthError>> {
        make_each(self, messages, context)
    }

    /// Checks several messages as [`check`](Self::check) does each; `context` is that of all of
    /// them, but for their types.
    fn check_all(
        &self,
        messages: &[Unchecked<'_>],
        context: &PluginContext<'_>,
    ) -> Vec<Result<Proof, AuthFailure>> {
        check_each(self, messages, context)
    }
}

fn make_each<P: AuthPlugin + ?Sized>(
    plugin: &P,
    messages: &mut [Unsigned<'_>],
    context: &PluginContext<'_>,
) -> Vec<Result<(), AuthError>> {
    let make = |message: &mut Unsigned<'_>| {
        let context = PluginContext { message_type: message.message_type, ..*context };
        plugin.make(message.fields, message.body, &context)
    };
    messages.iter_mut().map(make).collect()
}

fn check_each<P: AuthPlugin + ?Sized>(
    plugin: &P,
    messages: &[Unchecked<'_>],
    context: &PluginContext<'_>,
) -> Vec<Result<Proof, AuthFailure>> {
    let check = |message: &Unchecked<'_>| {
        let context = PluginContext { message_type: message.message_type, ..*context };
        plugin.check(message.fields, message.body, &context)
    };
    messages.iter().map(check).collect()
}

/// A message that is to be signed, with others.
#[derive(Debug)]
pub struct Unsigned<'a> {
    /// Its type.
    pub message_type: MessageType,
    /// Its auth fields, which get those of the plugin.
    pub fields: &'a mut AuthFields,
    /// Its body.
    pub body: &'a Body,
}

/// A message that is to be checked, with others.
#[derive(Debug, Clone, Copy)]
pub struct Unchecked<'a> {
    /// Its type.
    pub message_type: MessageType,
    /// Its auth fields.
    pub fields: &'a AuthFields,
    /// Its body.
    pub body: &'a Body,
}

/// Why a message could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// A field set by the application or another layer has the wrong type or size.
    #[error("the field {0:?} can't be used: it must be {1}")]
    Field(String, &'static str),
    /// The clock is beyond what the format can carry, in 2106.
    #[error("the time does not fit into the 4 bytes of a timestamp")]
    Clock,
    /// The message is larger than what the plugin can sign.
    #[error("it can't be signed: {length} bytes are more than the {limit} that the plugin takes")]
    TooLarge {
        /// The number of bytes that are to be signed.
        length: usize,
        /// The most that the plugin takes.
        limit: usize,
    },
    /// Any other cause, in the plugin's words.
    #[error("{0}")]
    Other(String),
}

/// Why a received message was refused.
///
/// The sender is told only that auth failed; the cause is for logs and counters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFailure {
    /// A field is missing.
    #[error("the field {0:?} is missing")]
    Missing(String),
    /// A field has the wrong type or size.
    #[error("the field {0:?} is malformed")]
    Malformed(String),
    /// The proof does not match the message: another secret, or a changed message.
    #[error("the proof does not match the message")]
    Mismatch,
    /// The message was made too long ago, or is of the future; no limit is tighter than seconds.
    #[error("its time is {}: compare the clocks", Off(*.0))]
    Stale(i64),
    /// The message came before.
    #[error("it came before")]
    Repeated,
    /// This endpoint has sent the message itself.
    #[error("it is this endpoint's own, sent back")]
    Reflected,
    /// The check would have taken too much work, and was stopped.
    #[error("the check was stopped: {0}")]
    Exhausted(String),
    /// Any other cause, in the plugin's words, that is never answered: an answer would cost more
    /// than the check.
    #[error("{0}")]
    Ignored(String),
    /// Any other cause, in the plugin's words.
    #[error("{0}")]
    Other(String),
}

/// Tells how far a time is off, in seconds.
struct Off(i64);

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = if self.0 < 0 { "ago" } else { "ahead" };
        write!(f, "{} s {direction}", self.0.unsigned_abs())
    }
}
