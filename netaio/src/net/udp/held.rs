use std::net::{IpAddr, SocketAddr};

use super::node::SAFE_DATAGRAM;

/// How many replies, and how many bytes of them, are held back before they are sent.
pub(super) const REPLIES: usize = 64;
pub(super) const BYTES: usize = 64 * 1024;
/// The most bytes that the system cuts into datagrams: what one IPv4 packet can carry.
const CUT: usize = super::socket::MAX_DATAGRAM;

/// Replies to what one read gave, in their order: to send many at once costs the system less.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The replies one after the other, as the system takes those that go to one receiver.
    bytes: Vec<u8>,
    replies: Vec<Reply>,
}

/// A reply among others; its bytes are elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reply {
    pub(super) to: SocketAddr,
    pub(super) from: Option<IpAddr>,
    start: usize,
    length: usize,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Returns whether there is room for one more reply, of so many bytes.
    pub(super) fn takes(&self, length: usize) -> bool {
        self.replies.len() < REPLIES && self.bytes.len() + length <= BYTES
    }

    pub(super) fn push(&mut self, to: SocketAddr, from: Option<IpAddr>, bytes: &[u8]) {
        let (start, length) = (self.bytes.len(), bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.replies.push(Reply { to, from, start, length });
    }

    pub(super) fn replies(&self) -> &[Reply] {
        &self.replies
    }

    pub(super) fn bytes(&self, reply: &Reply) -> &[u8] {
        self.bytes.get(reply.start..reply.start + reply.length).unwrap_or_default()
    }

    /// Returns the bytes of replies that are next to each other.
    pub(super) fn joined(&self, run: &[Reply]) -> &[u8] {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return &[] };
        self.bytes.get(first.start..last.start + last.length).unwrap_or_default()
    }

    /// Forgets the replies, and keeps the memory for the next ones.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.replies.clear();
    }
}

impl Reply {
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

/// Returns how many replies from the first one on the system can cut out of one piece: they go the
/// same way and have the same size, but for the last, which may be shorter.
pub(super) fn run_length(replies: &[Reply], most: usize) -> usize {
    let Some(first) = replies.first() else { return 0 };
    // What exceeds the path's unit can't be cut out; it is cut into fragments instead.
    if first.length > SAFE_DATAGRAM || first.length == 0 {
        return 1;
    }
    let most = most.min(CUT / first.length).max(1);
    let mut length = 1;
    for reply in replies.iter().take(most).skip(1) {
        if reply.to != first.to || reply.from != first.from || reply.length > first.length {
            break;
        }
        length += 1;
        if reply.length < first.length {
            break;
        }
    }
    length
}
