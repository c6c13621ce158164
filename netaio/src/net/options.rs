//! The options that the builders of servers, clients and nodes have in common.

/// Writes them, for a struct with `outer`, `limits`, `environment` and `peers`.
macro_rules! endpoint_options {
    () => {
        /// Sets the auth plugin that every message must pass.
        #[doc(alias = "auth_plugin")]
        pub fn auth(mut self, plugin: impl $crate::plugin::AuthPlugin) -> Self {
            self.outer = self.outer.auth(plugin);
            self
        }

        /// Sets the cipher that seals every message.
        #[doc(alias = "cipher_plugin")]
        pub fn cipher(mut self, plugin: impl $crate::plugin::CipherPlugin) -> Self {
            self.outer = self.outer.cipher(plugin);
            self
        }

        /// Sets the whole outer layer.
        pub fn layer(mut self, layer: $crate::plugin::Layer) -> Self {
            self.outer = layer;
            self
        }

        /// Sets what others may use up; the default is [`Limits::default`](crate::Limits::default).
        pub fn limits(mut self, limits: $crate::Limits) -> Self {
            self.limits = limits;
            self
        }

        /// Sets the clock and the source of randomness; the default is the system's.
        pub fn environment(
            mut self,
            environment: impl $crate::plugin::Environment + 'static,
        ) -> Self {
            self.environment = std::sync::Arc::new(environment);
            self
        }

        /// Sets who this endpoint says it is; the default is a random id of 16 bytes and no data.
        pub fn local_peer(mut self, peer: $crate::peer::Peer) -> Self {
            self.peers.local = Some(peer);
            self
        }

        /// Sets how peers are written and read; the default is the original's way.
        pub fn peer_plugin(mut self, plugin: impl $crate::peer::PeerPlugin) -> Self {
            self.peers.plugin = std::sync::Arc::new(plugin);
            self
        }

        /// Sets how many peers are remembered, and how much of each.
        pub fn peer_limits(mut self, limits: $crate::peer::PeerLimits) -> Self {
            self.peers.limits = limits;
            self
        }

        /// Manages the peers of an app id from the start; call it once for each app id.
        #[doc(alias = "manage_peers_automatically")]
        pub fn manage_peers(mut self, management: $crate::peer::PeerManagement) -> Self {
            self.peers.managed.push(management);
            self
        }
    };
}

/// Writes what only those have that answer by themselves, for a struct with `on_auth_failure`.
macro_rules! answering_options {
    () => {
        /// Sets what happens when auth fails; the default is to answer AUTH_ERROR.
        #[doc(alias = "auth_error_handler")]
        pub fn on_auth_failure(mut self, policy: $crate::AuthFailurePolicy) -> Self {
            self.on_auth_failure = policy;
            self
        }
    };
}

pub(crate) use {answering_options, endpoint_options};
