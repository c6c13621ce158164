use std::time::Duration;

use bytes::Bytes;

use crate::plugin::{AuthPlugin, CipherPlugin, Layer};

/// How an endpoint manages its peers for one app id.
///
/// On UDP the node advertises itself every 20 s and forgets who was not heard of for 60 s. A TCP
/// client advertises itself to each server that it connects to; a server only answers.
///
/// ```
/// use std::time::Duration;
/// use netaio::peer::PeerManagement;
///
/// let management = PeerManagement::new().app_id("chat").every(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "manage_peers_automatically")]
#[must_use = "it is for `manage_peers`"]
pub struct PeerManagement {
    pub(crate) app_id: Bytes,
    pub(crate) every: Duration,
    pub(crate) timeout: Duration,
    pub(crate) layer: Layer,
}

impl Default for PeerManagement {
    fn default() -> Self {
        Self {
            app_id: Bytes::from_static(b"netaio"),
            every: Duration::from_secs(20),
            timeout: Duration::from_secs(60),
            layer: Layer::new(),
        }
    }
}

impl PeerManagement {
    /// Starts with the original's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the app id; the default is `netaio`. Nodes with another one are not seen.
    pub fn app_id(mut self, app_id: impl Into<Bytes>) -> Self {
        self.app_id = app_id.into();
        self
    }

    /// Sets how often a UDP node advertises itself; the default is 20 s, the least 10 ms.
    #[doc(alias = "advertise_every")]
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every.max(Duration::from_millis(10));
        self
    }

    /// Sets after how long a silence a UDP node forgets a peer; the default is 60 s. It counts in
    /// whole seconds, as the original does.
    #[doc(alias = "peer_timeout")]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets an inner auth plugin for the management messages alone.
    #[doc(alias = "auth_plugin")]
    pub fn auth(mut self, plugin: impl AuthPlugin) -> Self {
        self.layer = self.layer.auth(plugin);
        self
    }

    /// Sets an inner cipher for the management messages alone. It can't be peer-specific: the
    /// peer's key is not known yet.
    #[doc(alias = "cipher_plugin")]
    pub fn cipher(mut self, plugin: impl CipherPlugin) -> Self {
        self.layer = self.layer.cipher(plugin);
        self
    }
}
