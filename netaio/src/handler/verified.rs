use std::convert::Infallible;

use bytes::Bytes;

use super::{Context, FromContext};
use crate::{engine::Place, plugin::Layer};

/// What the layers of a message have verified; an argument of handlers.
///
/// # Examples
///
/// ```
/// use netaio::{handler::Verified, prelude::*};
///
/// async fn whoami(verified: Verified) -> String {
///     match verified.inner().and_then(|layer| layer.key()) {
///         Some(key) => format!("you hold the key `{key}`"),
///         None => "you hold the network's secret".into(),
///     }
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    outer: Option<VerifiedLayer>,
    inner: Option<VerifiedLayer>,
}

impl Verified {
    /// Returns what the endpoint's layer verified, if it has one.
    #[must_use]
    pub fn outer(&self) -> Option<&VerifiedLayer> {
        self.outer.as_ref()
    }

    /// Returns what the handler's own layer verified, if it has one.
    #[must_use]
    pub fn inner(&self) -> Option<&VerifiedLayer> {
        self.inner.as_ref()
    }
}

/// What one layer has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLayer {
    key: Option<&'static str>,
    auth: Option<String>,
    cipher: Option<String>,
    signer: Option<Bytes>,
}

impl VerifiedLayer {
    /// Returns the key under which the handler names its auth plugin, as in
    /// `#[on(CreateUri, auth = admin)]`.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// Returns the name of the auth plugin, such as `hmac`.
    #[must_use]
    pub fn auth(&self) -> Option<&str> {
        self.auth.as_deref()
    }

    /// Returns the name of the cipher, such as `x25519`.
    #[must_use]
    pub fn cipher(&self) -> Option<&str> {
        self.cipher.as_deref()
    }

    /// Returns who signed, in the auth plugin's terms, if it can tell: a shared secret can't.
    ///
    /// The X25519 cipher opens only what the holder of the [`Peer`](crate::peer::Peer)'s key has
    /// sealed, so with it that argument tells who it was.
    #[must_use]
    pub fn signer(&self) -> Option<&[u8]> {
        self.signer.as_deref()
    }

    fn of(layer: &Layer, key: Option<&'static str>, signer: Option<&Bytes>) -> Option<Self> {
        let auth = layer.auth_plugin().map(|auth| auth.name().to_owned());
        let cipher = layer.cipher_plugin().map(|cipher| cipher.name().to_owned());
        (!layer.is_empty()).then(|| Self { key, auth, cipher, signer: signer.cloned() })
    }
}

impl<S> FromContext<S> for Verified {
    type Rejection = Infallible;

    fn from_context(context: &Context<'_, S>) -> Result<Self, Self::Rejection> {
        let call = context.call;
        Ok(Self {
            outer: VerifiedLayer::of(call.outer, None, call.signers.of(Place::Outer)),
            inner: VerifiedLayer::of(
                &call.slot.layer,
                call.slot.route.auth,
                call.signers.of(Place::Inner),
            ),
        })
    }
}
