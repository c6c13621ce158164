use std::time::Duration;

use super::ReplayPolicy;
use crate::wire::AuthLimits;

/// Whom a server's broadcast reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BroadcastScope {
    /// Every connection, as in the original.
    #[default]
    All,
    /// The connections from which a message has passed the outer layer's auth plugin.
    Authenticated,
}

/// What peers may use up, with defaults that fit a server on the open network.
///
/// Every limit has a setter; each documents its default.
///
/// ```
/// use std::time::Duration;
/// use netaio::Limits;
///
/// let limits = Limits::default().max_connections(100).frame_timeout(Duration::from_secs(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(crate) auth_fields: AuthLimits,
    pub(crate) max_connections: usize,
    pub(crate) max_bad_frames: u32,
    pub(crate) max_auth_failures: u32,
    pub(crate) max_subscriptions: usize,
    pub(crate) outbound_limit: usize,
    pub(crate) first_frame_timeout: Option<Duration>,
    pub(crate) frame_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) handler_timeout: Duration,
    pub(crate) shutdown_grace: Duration,
    pub(crate) backlog: u32,
    pub(crate) replay: ReplayPolicy,
    pub(crate) log_rate: u32,
    pub(crate) broadcast_scope: BroadcastScope,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            auth_fields: AuthLimits::default(),
            max_connections: 10_000,
            max_bad_frames: 16,
            max_auth_failures: 16,
            max_subscriptions: 1_024,
            outbound_limit: 4 * 1024 * 1024,
            first_frame_timeout: None,
            frame_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(10),
            idle_timeout: None,
            handler_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(10),
            backlog: 1_024,
            replay: ReplayPolicy::default(),
            log_rate: 10,
            broadcast_scope: BroadcastScope::All,
        }
    }
}

impl Limits {
    /// Sets how large and deep the auth fields of a message may be; the default is
    /// [`AuthLimits::default`].
    pub fn auth_fields(mut self, limits: AuthLimits) -> Self {
        self.auth_fields = limits;
        self
    }

    /// Sets how many connections a server holds at once; more are closed at once. The default is
    /// 10,000.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets how many frames with a wrong checksum close a connection; the default is 16.
    pub fn max_bad_frames(mut self, frames: u32) -> Self {
        self.max_bad_frames = frames;
        self
    }

    /// Sets how many failed auth checks close a connection; the default is 16.
    pub fn max_auth_failures(mut self, failures: u32) -> Self {
        self.max_auth_failures = failures;
        self
    }

    /// Sets how many uris one connection may subscribe to; the default is 1,024.
    pub fn max_subscriptions(mut self, subscriptions: usize) -> Self {
        self.max_subscriptions = subscriptions;
        self
    }

    /// Sets how many bytes may wait for one connection to read them, before it is cut; the default
    /// is 4 MiB.
    pub fn outbound_limit(mut self, bytes: usize) -> Self {
        self.outbound_limit = bytes;
        self
    }

    /// Sets how long a new connection may stay silent; the default is for ever.
    pub fn first_frame_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.first_frame_timeout = timeout.into();
        self
    }

    /// Sets how long a frame may take from its first byte to its last; the default is 30 s.
    pub fn frame_timeout(mut self, timeout: Duration) -> Self {
        self.frame_timeout = timeout;
        self
    }

    /// Sets how long a write may go without progress; the default is 10 s.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = timeout;
        self
    }

    /// Sets how long a connection may stay silent between messages; the default is for ever, since
    /// subscribers have nothing to say.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// Sets how long a handler may take, unless it has a `timeout` of its own; the default is
    /// 60 s. Past it the sender gets ERROR `timed out`.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.handler_timeout = timeout;
        self
    }

    /// Sets how long a stopping server waits for requests in progress; the default is 10 s.
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.shutdown_grace = grace;
        self
    }

    /// Sets how many connections may wait to be accepted; the default is 1,024.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Sets what happens to messages that come again, or whose time is off; the default is
    /// [`ReplayMode::Graded`](crate::ReplayMode::Graded).
    pub fn replay(mut self, policy: impl Into<ReplayPolicy>) -> Self {
        self.replay = policy.into();
        self
    }

    /// Sets how many log lines of one kind peers can cause in a second; the default is 10.
    pub fn log_rate(mut self, lines: u32) -> Self {
        self.log_rate = lines;
        self
    }

    /// Sets whom a server's broadcast reaches; the default is [`BroadcastScope::All`]. It says
    /// nothing of subscriptions, which handlers grant.
    pub fn broadcast_scope(mut self, scope: BroadcastScope) -> Self {
        self.broadcast_scope = scope;
        self
    }
}
