use std::time::Duration;

use super::{ReplayMode, ReplayPolicy};
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
    pub(crate) subscription_memory: usize,
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
    pub(crate) max_per_source: usize,
    pub(crate) max_unauthenticated: Option<usize>,
    pub(crate) memory_budget: usize,
    pub(crate) max_handlers: usize,
    pub(crate) keepalive: Option<Keepalive>,
    pub(crate) verified_replies: bool,
}

/// When a TCP connection that is silent is probed, so that one whose other end has gone without a
/// word is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub struct Keepalive {
    pub(crate) after: Duration,
    pub(crate) every: Duration,
    pub(crate) probes: u32,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { after: Duration::from_secs(60), every: Duration::from_secs(15), probes: 4 }
    }
}

impl Keepalive {
    /// Sets after how long a silence the first probe is sent; the default is 60 s. Systems count
    /// in whole seconds.
    pub fn after(mut self, silence: Duration) -> Self {
        self.after = silence;
        self
    }

    /// Sets how long a probe waits for its answer before the next; the default is 15 s.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// Sets how many probes go unanswered before the connection ends; the default is 4.
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            auth_fields: AuthLimits::default(),
            max_connections: default_connections(),
            max_bad_frames: 16,
            max_auth_failures: 16,
            max_subscriptions: 1_024,
            subscription_memory: 64 * 1024 * 1024,
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
            max_per_source: 512,
            max_unauthenticated: None,
            memory_budget: 128 * 1024 * 1024,
            max_handlers: 4_096,
            keepalive: Some(Keepalive::default()),
            verified_replies: false,
        }
    }
}

/// Returns how many connections leave some descriptors for everything else.
fn default_connections() -> usize {
    const MOST: usize = 10_000;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, getrlimit};
        let descriptors = getrlimit(Resource::Nofile).current;
        let descriptors = descriptors.map_or(MOST * 2, |all| usize::try_from(all).unwrap_or(MOST));
        (descriptors / 10 * 9).saturating_sub(64).clamp(16, MOST)
    }
    #[cfg(not(target_os = "linux"))]
    MOST
}

impl Limits {
    /// Returns the defaults: honest nodes of the original notice none of these limits.
    pub fn compatible() -> Self {
        Self::default()
    }

    /// Returns stricter limits, for networks where all nodes are ours: new connections must speak
    /// within 10 s, repetitions are refused whatever their type, a broadcast reaches those that
    /// proved themselves, handlers over UDP answer only those, and auth fields have at most 4 KiB.
    ///
    /// [`HmacAuth::binding`](crate::plugin::HmacAuth::binding) belongs to it, and is set on the
    /// plugin.
    pub fn hardened() -> Self {
        Self::default()
            .auth_fields(AuthLimits::default().max_length(4 * 1024))
            .first_frame_timeout(Duration::from_secs(10))
            .replay(ReplayMode::Enforce)
            .broadcast_scope(BroadcastScope::Authenticated)
            .verified_replies(true)
    }

    /// Sets how large and deep the auth fields of a message may be; the default is
    /// [`AuthLimits::default`].
    pub fn auth_fields(mut self, limits: AuthLimits) -> Self {
        self.auth_fields = limits;
        self
    }

    /// Sets how many connections a server holds at once; more are closed at once. The default is
    /// 10,000, or nine tenths of the process's descriptors less 64 where that is fewer.
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

    /// Sets how many uris one connection may subscribe to; the default is 1,024. They have at most
    /// 256 KiB together.
    pub fn max_subscriptions(mut self, subscriptions: usize) -> Self {
        self.max_subscriptions = subscriptions;
        self
    }

    /// Sets how many bytes the subscriptions of all connections together may take; the default is
    /// 64 MiB. Each takes 128 bytes beside its uri, and each subscriber 512: some 100,000
    /// subscribers with one each fit into the default, or 500,000 of few.
    pub fn subscription_memory(mut self, bytes: usize) -> Self {
        self.subscription_memory = bytes;
        self
    }

    /// Sets how many bytes may wait for one connection to read them, before it is cut; the default
    /// is 4 MiB. Each message counts for 64 bytes more, which it takes beside its own.
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

    /// Sets how many connections one IPv4 address or IPv6 /64 network may have; the default is
    /// 512. Those of this machine itself are not counted.
    pub fn max_per_source(mut self, connections: usize) -> Self {
        self.max_per_source = connections;
        self
    }

    /// Sets how many connections may have proved nothing, where there is an outer auth plugin; the
    /// default is a quarter of [`max_connections`](Self::max_connections). One more, and the oldest
    /// of them is cut.
    pub fn max_unauthenticated(mut self, connections: usize) -> Self {
        self.max_unauthenticated = Some(connections);
        self
    }

    /// Sets how many bytes all connections together may hold, in unfinished frames, in messages
    /// that wait for a handler, and in what they do not read; the default is 128 MiB. Past it those
    /// that hold most are cut.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Sets how many async handlers may run at once; the default is 4,096. On connections others
    /// wait for their turn, over UDP they are refused.
    pub fn max_handlers(mut self, handlers: usize) -> Self {
        self.max_handlers = handlers;
        self
    }

    /// Sets when silent TCP connections are probed, or `None` for never; the default is after 60 s,
    /// every 15 s, 4 times.
    pub fn keepalive(mut self, keepalive: impl Into<Option<Keepalive>>) -> Self {
        self.keepalive = keepalive.into();
        self
    }

    /// Sets whether handlers over UDP answer only messages that have passed an auth plugin, of the
    /// outer layer or of their own; the default is false. Anybody can send a datagram in another's
    /// name, who then gets the answer; a node whose answers are large should have it true.
    pub fn verified_replies(mut self, verified: bool) -> Self {
        self.verified_replies = verified;
        self
    }
}
