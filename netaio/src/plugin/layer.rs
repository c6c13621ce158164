use std::sync::Arc;

use super::{
    AuthError, AuthFailure, AuthPlugin, CipherError, CipherPlugin, Fingerprint, PluginContext,
    Proof,
};
use crate::wire::{AuthFields, Body};

/// An auth plugin and a cipher that protect a message together; each may be absent.
///
/// Sending seals first and signs what was sealed; receiving checks first and opens what was
/// checked. See the [module](crate::plugin) for the picture with two layers.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    auth: Option<Arc<dyn AuthPlugin>>,
    cipher: Option<Arc<dyn CipherPlugin>>,
    /// The fields that its plugins alone may write.
    field_names: Option<Arc<[String]>>,
}

impl Layer {
    /// Makes a layer that protects nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { auth: None, cipher: None, field_names: None }
    }

    /// Sets the auth plugin.
    #[must_use]
    pub fn auth(self, plugin: impl AuthPlugin) -> Self {
        self.shared_auth(Arc::new(plugin))
    }

    /// Sets the cipher.
    #[must_use]
    pub fn cipher(self, plugin: impl CipherPlugin) -> Self {
        self.shared_cipher(Arc::new(plugin))
    }

    /// Sets an auth plugin that is used elsewhere too.
    #[must_use]
    pub fn shared_auth(mut self, plugin: Arc<dyn AuthPlugin>) -> Self {
        self.auth = Some(plugin);
        self.named()
    }

    /// Sets a cipher that is used elsewhere too.
    #[must_use]
    pub fn shared_cipher(mut self, plugin: Arc<dyn CipherPlugin>) -> Self {
        self.cipher = Some(plugin);
        self.named()
    }

    /// Returns whether it has neither plugin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.auth.is_none() && self.cipher.is_none()
    }

    /// Returns whether what it makes depends on the receiving peer.
    #[must_use]
    pub fn is_peer_specific(&self) -> bool {
        self.auth.as_ref().is_some_and(|auth| auth.is_peer_specific())
            || self.cipher.as_ref().is_some_and(|cipher| cipher.is_peer_specific())
    }

    /// Returns whether making its proof takes long.
    pub(crate) fn takes_time(&self, context: &PluginContext<'_>) -> bool {
        self.auth.as_ref().is_some_and(|auth| auth.takes_time(context))
    }

    /// Returns of how many messages on it takes less to sign or check them together.
    pub(crate) fn worthwhile_batch(&self) -> Option<usize> {
        let auth = self.auth.as_ref().filter(|auth| !auth.is_peer_specific());
        auth.and_then(|auth| auth.worthwhile_batch())
    }

    pub(crate) fn auth_plugin(&self) -> Option<&dyn AuthPlugin> {
        self.auth.as_deref()
    }

    pub(crate) fn cipher_plugin(&self) -> Option<&dyn CipherPlugin> {
        self.cipher.as_deref()
    }

    pub(crate) fn seals_uri(&self) -> bool {
        self.cipher.as_ref().is_some_and(|cipher| cipher.seals_uri())
    }

    /// Returns the name of its cipher if the sealed text can be changed unnoticed: the cipher does
    /// not see it, and there is no auth plugin here or in the layer further out.
    pub(crate) fn malleable_cipher(&self, outer: &Self) -> Option<&str> {
        let cipher = self.cipher.as_ref().filter(|cipher| cipher.needs_auth())?;
        (self.auth.is_none() && outer.auth.is_none()).then(|| cipher.name())
    }

    fn named(mut self) -> Self {
        let mut names = self.auth.as_ref().map_or_else(Vec::new, |auth| auth.field_names());
        names.extend(self.cipher.iter().flat_map(|cipher| cipher.field_names()));
        self.field_names = Some(names.into());
        self
    }

    /// Returns the fields that this layer alone may write.
    fn field_names(&self) -> &[String] {
        self.field_names.as_deref().unwrap_or_default()
    }

    /// Returns a field that both this layer and another would write.
    pub(crate) fn shared_field(&self, other: &Self) -> Option<&str> {
        let names = other.field_names();
        self.field_names().iter().find(|name| names.contains(name)).map(String::as_str)
    }

    /// Seals and signs a body.
    ///
    /// # Errors
    ///
    /// Returns [`SealError`] when a plugin can't; nothing may be sent then.
    pub fn seal(
        &self,
        fields: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, SealError> {
        self.seal_watched(fields, body, context, &Unwatched)
    }

    pub(crate) fn seal_watched(
        &self,
        fields: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
        watch: &impl Watch,
    ) -> Result<Body, SealError> {
        let body = self.encrypt_watched(fields, body, context, watch)?;
        if let Some(auth) = &self.auth {
            auth.make(fields, &body, context)?;
            self.note_signed(fields, &body, watch);
        }
        Ok(body)
    }

    /// Seals a body, and leaves it to be signed.
    pub(crate) fn encrypt_watched(
        &self,
        fields: &mut AuthFields,
        mut body: Body,
        context: &PluginContext<'_>,
        watch: &impl Watch,
    ) -> Result<Body, SealError> {
        if let Some(cipher) = &self.cipher {
            body = cipher.encrypt(fields, body, context)?;
            cipher.fingerprint(fields, &body).iter().for_each(|print| watch.sent(print));
        }
        Ok(body)
    }

    /// Notes a message that has been signed.
    pub(crate) fn note_signed(&self, fields: &AuthFields, body: &Body, watch: &impl Watch) {
        if let Some(auth) = &self.auth {
            auth.fingerprints(fields, body, &mut |print| watch.sent(&print));
        }
    }

    /// Returns whether the time of a message is what who watches allows.
    pub(crate) fn is_timely(&self, fields: &AuthFields, body: &Body, watch: &impl Watch) -> bool {
        let mut timely = true;
        if let Some(auth) = &self.auth {
            auth.fingerprints(fields, body, &mut |print| timely &= watch.is_timely(&print));
        }
        timely
    }

    /// Checks and opens a body.
    ///
    /// It takes the sealed body and gives the opened one only when every check has passed, so no
    /// caller can go on with a body that failed. Repetitions pass: an endpoint knows them, a layer
    /// by itself does not.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError::Auth`] when the check fails and [`OpenError::Cipher`] when the checked
    /// body does not open.
    pub fn open(
        &self,
        fields: &AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, OpenError> {
        self.open_watched(fields, body, context, &Unwatched, None).map(|(body, _)| body)
    }

    /// Checks and opens a body that may be a repetition: cheap checks first, and nothing is
    /// remembered that is not authentic. One that has been checked comes with its proof.
    pub(crate) fn open_watched(
        &self,
        fields: &AuthFields,
        mut body: Body,
        context: &PluginContext<'_>,
        watch: &impl Watch,
        checked: Option<Proof>,
    ) -> Result<(Body, Proof), OpenError> {
        let mut proof = Proof::anonymous();
        if let Some(auth) = &self.auth {
            let mut prints = Prints::default();
            auth.fingerprints(fields, &body, &mut |print| prints.push(print));
            prints.iter().try_for_each(|print| watch.in_time(print))?;
            proof = match checked {
                Some(proof) => proof,
                None => auth.check(fields, &body, context)?,
            };
            prints.iter().try_for_each(|print| watch.received(print))?;
        }
        if let Some(cipher) = &self.cipher {
            let print = cipher.fingerprint(fields, &body);
            body = cipher.decrypt(fields, body, context)?;
            print.iter().try_for_each(|print| watch.received(print))?;
        }
        Ok((body, proof))
    }
}

/// The fingerprints of a message: mostly one.
#[derive(Default)]
struct Prints {
    first: Option<Fingerprint>,
    others: Vec<Fingerprint>,
}

impl Prints {
    fn push(&mut self, print: Fingerprint) {
        match self.first {
            None => self.first = Some(print),
            Some(_) => self.others.push(print),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.first.iter().chain(&self.others)
    }
}

/// Who watches for repetitions.
pub(crate) trait Watch {
    /// Notes what leaves, so that it is known when it is sent back.
    fn sent(&self, print: &Fingerprint);

    /// Returns whether something is neither too old nor of the future.
    fn is_timely(&self, print: &Fingerprint) -> bool;

    /// Refuses what is too old or of the future.
    fn in_time(&self, print: &Fingerprint) -> Result<(), AuthFailure>;

    /// Notes an authentic message, and refuses a repetition.
    fn received(&self, print: &Fingerprint) -> Result<(), AuthFailure>;
}

/// Lets repetitions pass.
struct Unwatched;

impl Watch for Unwatched {
    fn sent(&self, _: &Fingerprint) {}

    fn is_timely(&self, _: &Fingerprint) -> bool {
        true
    }

    fn in_time(&self, _: &Fingerprint) -> Result<(), AuthFailure> {
        Ok(())
    }

    fn received(&self, _: &Fingerprint) -> Result<(), AuthFailure> {
        Ok(())
    }
}

/// Why a message could not be protected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It could not be signed.
    #[error("the message can't be signed: {0}")]
    Auth(AuthError),
    /// It could not be sealed.
    #[error("the message can't be sealed: {0}")]
    Cipher(CipherError),
    /// The inner and the outer layer would write the same field.
    #[error("two layers write the auth field {0:?}: give one of them another name")]
    SharedField(String),
}

/// Why a received message could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its proof of origin is missing or wrong.
    #[error("auth failed")]
    Auth(#[from] AuthFailure),
    /// It does not open.
    #[error("the message can't be opened")]
    Cipher(#[from] CipherError),
}

impl From<AuthError> for SealError {
    fn from(error: AuthError) -> Self {
        Self::Auth(error)
    }
}

impl From<CipherError> for SealError {
    fn from(error: CipherError) -> Self {
        Self::Cipher(error)
    }
}

#[cfg(all(test, feature = "hmac", feature = "stream-cipher"))]
mod tests {
    use super::*;
    use crate::plugin::{HmacAuth, Sha256StreamCipher};

    #[test]
    fn a10_a_stream_cipher_without_auth_at_or_outside_it_is_found() {
        let cipher = || Layer::new().cipher(Sha256StreamCipher::new("a key of some length"));
        let auth = |layer: Layer| layer.auth(HmacAuth::new("a secret of some length"));
        let none = Layer::new();
        assert_eq!(cipher().malleable_cipher(&none), Some("sha256-stream"));
        assert_eq!(cipher().malleable_cipher(&cipher()), Some("sha256-stream"));
        assert_eq!(auth(cipher()).malleable_cipher(&none), None);
        assert_eq!(cipher().malleable_cipher(&auth(Layer::new())), None);
        assert_eq!(none.malleable_cipher(&none), None);
        // Who knows the danger can say so.
        let accepted = Sha256StreamCipher::new("a key of some length").danger_without_auth();
        assert_eq!(Layer::new().cipher(accepted).malleable_cipher(&none), None);
    }

    #[cfg(feature = "asymmetric")]
    #[test]
    fn a10_a_box_detects_changes_by_itself() {
        let boxes = Layer::new().cipher(crate::plugin::X25519Cipher::new(&[1; 32]));
        assert_eq!(boxes.malleable_cipher(&Layer::new()), None);
    }
}
