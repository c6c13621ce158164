use std::sync::Arc;

use super::{AuthError, AuthFailure, AuthPlugin};
use crate::{
    plugin::{Fingerprint, PluginContext, Proof},
    wire::{AuthFields, Body},
};

/// Several auth plugins in one place: a message must pass them all, in order.
///
/// Put the cheapest check first.
///
/// # Examples
///
/// ```
/// use netaio::plugin::{Chain, HmacAuth};
///
/// let either_secret_leaks = Chain::new()
///     .then(HmacAuth::new("the secret of the operators"))
///     .then(HmacAuth::new("the secret of the developers").field("hmac2"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Chain {
    plugins: Vec<Arc<dyn AuthPlugin>>,
    name: String,
}

impl Chain {
    /// Makes a chain of no plugins, which lets everything pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plugin to the end.
    #[must_use]
    pub fn then(self, plugin: impl AuthPlugin) -> Self {
        self.then_shared(Arc::new(plugin))
    }

    /// Adds a plugin that is used elsewhere too.
    #[must_use]
    pub fn then_shared(mut self, plugin: Arc<dyn AuthPlugin>) -> Self {
        if !self.name.is_empty() {
            self.name.push('+');
        }
        self.name.push_str(plugin.name());
        self.plugins.push(plugin);
        self
    }
}

impl AuthPlugin for Chain {
    fn name(&self) -> &str {
        &self.name
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        self.plugins.iter().try_for_each(|plugin| plugin.make(fields, body, context))
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        self.plugins.iter().try_fold(Proof::anonymous(), |proof, plugin| {
            plugin.check(fields, body, context).map(|more| proof.and(more))
        })
    }

    fn fingerprints(&self, fields: &AuthFields, body: &Body, note: &mut dyn FnMut(Fingerprint)) {
        self.plugins.iter().for_each(|plugin| plugin.fingerprints(fields, body, note));
    }

    fn field_names(&self) -> Vec<String> {
        self.plugins.iter().flat_map(|plugin| plugin.field_names()).collect()
    }

    /// Returns that of the last: those before are the cheap ones.
    fn error_text(&self) -> &str {
        self.plugins.last().map_or("auth failed", |plugin| plugin.error_text())
    }

    fn is_peer_specific(&self) -> bool {
        self.plugins.iter().any(|plugin| plugin.is_peer_specific())
    }

    fn takes_time(&self, context: &PluginContext<'_>) -> bool {
        self.plugins.iter().any(|plugin| plugin.takes_time(context))
    }
}
