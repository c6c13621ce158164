use std::sync::atomic::{AtomicBool, Ordering};

use super::Environment;
use crate::wire::MessageType;

/// Which way a message travels, seen from this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// This node is sending it.
    Outgoing,
    /// This node has received it.
    Incoming,
}

/// What a node is to those it exchanges messages with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It answers clients over connections.
    Server,
    /// It made the connection.
    Client,
    /// It asks and answers, over datagrams.
    Node,
}

/// What is known of the peer a message comes from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerView<'a> {
    /// The id that the peer claims.
    pub id: &'a [u8],
    /// The peer's packed data, normally a packify dict.
    pub data: &'a [u8],
}

/// What a plugin may know of the message beside its fields and body.
#[derive(Debug, Clone, Copy)]
pub struct PluginContext<'a> {
    pub(crate) environment: &'a dyn Environment,
    pub(crate) message_type: MessageType,
    pub(crate) direction: Direction,
    pub(crate) role: Role,
    pub(crate) peer: Option<PeerView<'a>>,
    pub(crate) stop: Option<&'a AtomicBool>,
}

impl<'a> PluginContext<'a> {
    /// Makes a context, as an endpoint does for each message; useful to test a plugin by itself.
    #[must_use]
    pub fn new(
        environment: &'a dyn Environment,
        message_type: MessageType,
        direction: Direction,
    ) -> Self {
        Self { environment, message_type, direction, role: Role::Node, peer: None, stop: None }
    }

    /// Sets what this node is; the default is [`Role::Node`].
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Lets a plugin take its time, until `stop` is true.
    #[must_use]
    pub fn with_time(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Adds what is known of the other side.
    #[must_use]
    pub fn with_peer(mut self, peer: PeerView<'a>) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Returns the time in seconds since the Unix epoch.
    #[must_use]
    pub fn unix_time(&self) -> u64 {
        self.environment.unix_time()
    }

    /// Returns `N` random bytes fit for a nonce or an iv.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.environment.fill_random(&mut bytes);
        bytes
    }

    /// Returns the type of the message.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns which way the message travels.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns whether a plugin may take its time: it runs on a thread for such.
    #[must_use]
    pub fn may_take_time(&self) -> bool {
        self.stop.is_some()
    }

    /// Returns whether nobody waits for the message any more, so that a plugin should give up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Returns what this node is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Returns what is known of the other side, if it made itself known.
    #[must_use]
    pub fn peer(&self) -> Option<PeerView<'a>> {
        self.peer
    }
}
