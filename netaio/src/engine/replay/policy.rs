use std::{fmt, time::Duration};

use crate::{plugin::Role, wire::MessageType};

/// What happens to messages that come again, or whose time is off.
///
/// The default is [`Graded`](Self::Graded), by which honest programs notice nothing: the original
/// repeats bytes where an application sends one message object again, and where its TCP client
/// introduces itself on every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReplayMode {
    /// Refuses them where they change something: CREATE, UPDATE, DELETE, PUBLISH and custom types,
    /// and over UDP the messages of peer management. Counts all others.
    #[default]
    Graded,
    /// Refuses them all.
    Enforce,
    /// Counts them all, and refuses none.
    Observe,
    /// Remembers nothing and looks at no clock.
    Off,
}

/// How an endpoint protects itself against repetitions of what was captured.
///
/// It knows a message by its [`Fingerprint`](crate::plugin::Fingerprint), which
/// [`HmacAuth`](crate::plugin::HmacAuth), the X25519 cipher and the proof of work have; without such
/// a layer nothing is known and nothing refused. What the endpoint has sent itself is known too, so
/// that it can't be sent back. The memory belongs to the endpoint: a server, a node, or one
/// connection of a client.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use netaio::{Limits, MessageType, ReplayMode, ReplayPolicy};
///
/// // All types, but for one that peers repeat on purpose.
/// let policy = ReplayPolicy::new(ReplayMode::Enforce)
///     .exempt([MessageType::RequestUri])
///     .window(Duration::from_secs(60), Duration::from_secs(5));
/// let limits = Limits::default().replay(policy);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct ReplayPolicy {
    mode: ReplayMode,
    streams: Types,
    datagrams: Types,
    pub(super) past: i64,
    pub(super) future: i64,
    pub(crate) capacity: usize,
}

impl ReplayPolicy {
    /// Makes a policy with the defaults of a mode.
    pub fn new(mode: ReplayMode) -> Self {
        let (streams, datagrams) = match mode {
            ReplayMode::Graded => (Types::CHANGING, Types::CHANGING.and(Types::PEERS)),
            ReplayMode::Enforce => (Types::ALL, Types::ALL),
            ReplayMode::Observe | ReplayMode::Off => (Types::NONE, Types::NONE),
        };
        Self { mode, streams, datagrams, past: 300, future: 60, capacity: 1_000_000 }
    }

    /// Lets repetitions of these types pass; they are counted still.
    pub fn exempt(mut self, types: impl IntoIterator<Item = MessageType>) -> Self {
        for message_type in types {
            self.streams.set(message_type, false);
            self.datagrams.set(message_type, false);
        }
        self
    }

    /// Refuses repetitions of these types.
    pub fn enforce(mut self, types: impl IntoIterator<Item = MessageType>) -> Self {
        for message_type in types {
            self.streams.set(message_type, true);
            self.datagrams.set(message_type, true);
        }
        self
    }

    /// Sets how old a message may be and how far its clock ahead, in whole seconds; the default is
    /// 300 s and 60 s.
    pub fn window(mut self, past: Duration, future: Duration) -> Self {
        let seconds = |time: Duration| i64::from(u32::try_from(time.as_secs()).unwrap_or(u32::MAX));
        (self.past, self.future) = (seconds(past), seconds(future));
        self
    }

    /// Sets how many messages are remembered, at some 20 bytes each; the default is 1,000,000,
    /// which lasts for 50 s at 20,000 messages a second.
    ///
    /// When it is full, the messages of the oldest second are forgotten, and others as old are
    /// refused as stale: the window narrows, it never opens. Boxes without a time are forgotten
    /// oldest first.
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages;
        self
    }

    pub(super) fn is_off(&self) -> bool {
        self.mode == ReplayMode::Off
    }

    pub(super) fn refuses(&self, message_type: MessageType, role: Role) -> bool {
        let types = if role == Role::Node { &self.datagrams } else { &self.streams };
        types.contain(message_type)
    }
}

impl Default for ReplayPolicy {
    fn default() -> Self {
        Self::new(ReplayMode::default())
    }
}

impl From<ReplayMode> for ReplayPolicy {
    fn from(mode: ReplayMode) -> Self {
        Self::new(mode)
    }
}

impl fmt::Debug for ReplayPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayPolicy")
            .field("mode", &self.mode)
            .field("past", &self.past)
            .field("future", &self.future)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// A set of message types, one bit for each number.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Types([u64; 4]);

impl Types {
    const NONE: Self = Self([0; 4]);
    const ALL: Self = Self([u64::MAX; 4]);
    /// CREATE, UPDATE, DELETE, PUBLISH and all custom types.
    const CHANGING: Self = Self([1 << 2 | 1 << 3 | 1 << 4 | 1 << 7 | !0 << 31, !0, !0, !0]);
    /// ADVERTISE_PEER, PEER_DISCOVERED, DISCONNECT.
    const PEERS: Self = Self([1 << 9 | 1 << 13 | 1 << 30, 0, 0, 0]);

    const fn and(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1], self.0[2], self.0[3]])
    }

    fn contain(&self, message_type: MessageType) -> bool {
        let (word, bit) = place(message_type);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn set(&mut self, message_type: MessageType, member: bool) {
        let (word, bit) = place(message_type);
        if let Some(bits) = self.0.get_mut(word) {
            *bits = if member { *bits | bit } else { *bits & !bit };
        }
    }
}

fn place(message_type: MessageType) -> (usize, u64) {
    let code = message_type.code();
    (usize::from(code / 64), 1 << (code % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageType as T;

    fn refused(policy: ReplayPolicy, role: Role) -> Vec<u8> {
        (0..=255)
            .filter_map(T::from_code)
            .filter(|&kind| policy.refuses(kind, role))
            .map(T::code)
            .collect()
    }

    #[test]
    fn the_default_refuses_what_changes_something_and_over_udp_peers_as_well() {
        let custom = 31..=255;
        let changing: Vec<u8> = [2, 3, 4, 7].into_iter().chain(custom.clone()).collect();
        assert_eq!(refused(ReplayPolicy::default(), Role::Server), changing);
        assert_eq!(refused(ReplayPolicy::default(), Role::Client), changing);
        let datagrams: Vec<u8> = [2, 3, 4, 7, 9, 13, 30].into_iter().chain(custom).collect();
        assert_eq!(refused(ReplayPolicy::default(), Role::Node), datagrams);
    }

    #[test]
    fn modes_and_types_are_set_by_name() {
        let policy = ReplayPolicy::new(ReplayMode::Observe).enforce([T::RequestUri, T::DeleteUri]);
        assert_eq!(refused(policy.exempt([T::DeleteUri]), Role::Node), [0]);
        assert!(refused(ReplayMode::Off.into(), Role::Server).is_empty());
        let all = refused(ReplayMode::Enforce.into(), Role::Server);
        assert_eq!(all.len(), (0..=255).filter_map(T::from_code).count());
    }
}
