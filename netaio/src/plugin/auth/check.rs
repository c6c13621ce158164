use std::fmt;

use super::{AuthError, AuthFailure, AuthPlugin};
use crate::{
    plugin::{PluginContext, Proof},
    wire::{AuthFields, Body},
};

/// Makes an auth plugin of a function that checks; it adds nothing to what is sent.
///
/// # Examples
///
/// ```
/// use netaio::plugin::{AuthFailure, Proof, check};
///
/// // Whoever has a ticket is known by it.
/// let known = check("known ticket", |fields, _body, _context| {
///     match fields.get("ticket").and_then(|ticket| ticket.bytes()) {
///         Some(ticket) if ticket.len() == 16 => Ok(Proof::by(ticket.to_vec())),
///         _ => Err(AuthFailure::Missing("ticket".into())),
///     }
/// });
/// ```
pub fn check<F>(name: &'static str, check: F) -> Check<F>
where
    F: Fn(&AuthFields, &Body, &PluginContext<'_>) -> Result<Proof, AuthFailure>
        + Send
        + Sync
        + 'static,
{
    Check { name, check }
}

/// An auth plugin that is a function: see [`check`].
#[derive(Clone, Copy)]
pub struct Check<F> {
    name: &'static str,
    check: F,
}

impl<F> AuthPlugin for Check<F>
where
    F: Fn(&AuthFields, &Body, &PluginContext<'_>) -> Result<Proof, AuthFailure>
        + Send
        + Sync
        + 'static,
{
    fn name(&self) -> &str {
        self.name
    }

    fn make(&self, _: &mut AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<(), AuthError> {
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        (self.check)(fields, body, context)
    }
}

impl<F> fmt::Debug for Check<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}
