use std::{fmt, sync::Arc};

use crate::{
    handler::{RemoteAddr, Reply},
    plugin::AuthFailure,
    wire::MessageType,
};

/// What happens to a message whose auth failed, besides that it goes no further.
///
/// Error-type messages never get an answer, whatever the policy, so that two nodes can't answer
/// each other's errors for ever.
#[derive(Clone, Default)]
#[doc(alias = "AuthErrorHandler")]
#[doc(alias = "auth_error_handler")]
pub enum AuthFailurePolicy {
    /// Answer with AUTH_ERROR, as the original does.
    #[default]
    Reply,
    /// Say nothing.
    Drop,
    /// Close the connection.
    Disconnect,
    /// Ask the application.
    Ask(Arc<dyn Fn(&RefusedMessage<'_>) -> AuthFailureAction + Send + Sync>),
}

impl AuthFailurePolicy {
    /// Makes a policy from a closure.
    pub fn ask(
        decide: impl Fn(&RefusedMessage<'_>) -> AuthFailureAction + Send + Sync + 'static,
    ) -> Self {
        Self::Ask(Arc::new(decide))
    }

    pub(crate) fn decide(&self, refused: &RefusedMessage<'_>) -> AuthFailureAction {
        match self {
            Self::Reply => AuthFailureAction::Reply(None),
            Self::Drop => AuthFailureAction::Drop,
            Self::Disconnect => AuthFailureAction::Disconnect,
            Self::Ask(decide) => decide(refused),
        }
    }
}

impl fmt::Debug for AuthFailurePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reply => "Reply",
            Self::Drop => "Drop",
            Self::Disconnect => "Disconnect",
            Self::Ask(_) => "Ask",
        })
    }
}

/// A message whose auth failed, as [`AuthFailurePolicy::Ask`] sees it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RefusedMessage<'a> {
    /// Its type.
    pub message_type: MessageType,
    /// Who sent it, by address.
    pub remote: &'a RemoteAddr,
    /// Why it was refused.
    pub failure: &'a AuthFailure,
    /// Whether the layer of a handler refused it; if not, the endpoint's outer one did.
    pub inner: bool,
}

/// What [`AuthFailurePolicy::Ask`] decides. There is no way to let the message pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthFailureAction {
    /// Answer: with this reply, or with AUTH_ERROR if there is none.
    Reply(Option<Reply>),
    /// Say nothing.
    Drop,
    /// Close the connection.
    Disconnect,
}
