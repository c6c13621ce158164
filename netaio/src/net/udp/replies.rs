use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use bytes::Bytes;
use quinn_udp::Transmit;
use tokio::io::Interest;

use super::{
    held::{Held, Reply, run_length},
    socket::{MAX_DATAGRAM, Outgoing, Queue, Socket},
};
use crate::handler::SendError;

/// What was not sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) struct Losses {
    /// Datagrams that the full queue has dropped.
    pub(super) dropped: usize,
    /// Replies that the system has refused.
    pub(super) failed: usize,
}

/// How far a part of the replies has got.
enum Went {
    All,
    /// The system has no room; so many went before.
    Some(usize),
    /// The system refuses to cut them; none went.
    Refused,
}

impl Socket {
    /// Takes a reply, to send it with others when the read that it answers has been handled; until
    /// then, whoever sends anything sends the replies first.
    pub(super) fn reply(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
        bytes: &[u8],
        losses: &mut Losses,
    ) -> Result<(), SendError> {
        if bytes.len() > MAX_DATAGRAM {
            return Err(SendError::DatagramTooLarge);
        }
        let mut queue = self.lock();
        if !queue.held.takes(bytes.len()) {
            self.send_replies(&mut queue, self.most_cut(), losses);
        }
        queue.held.push(to, from, bytes);
        Ok(())
    }

    /// Sends the replies that are held back.
    pub(super) fn end_replies(&self) -> Losses {
        let mut losses = Losses::default();
        let mut queue = self.lock();
        if !queue.held.is_empty() {
            self.send_replies(&mut queue, self.most_cut(), &mut losses);
        }
        losses
    }

    /// Returns how many datagrams the system cuts out of one piece.
    pub(super) fn most_cut(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Sends the replies in their order; queues those that the system has no room for.
    pub(super) fn send_replies(&self, queue: &mut Queue, most_cut: usize, losses: &mut Losses) {
        let mut most_cut = most_cut;
        let held = std::mem::take(&mut queue.held);
        let mut rest = held.replies();
        if !queue.datagrams.is_empty() {
            rest = queue.push_all(&held, rest, self.queue_limit, losses);
        }
        while !rest.is_empty() {
            // Those that go by themselves are looked for first: they are sent all at once.
            let mut count = 0;
            let mut run = 0;
            while let Some(after) = rest.get(count..).filter(|after| !after.is_empty()) {
                run = run_length(after, most_cut);
                if run > 1 {
                    break;
                }
                count += 1;
            }
            let went = if count == 0 {
                self.send_cut(&held, rest.get(..run).unwrap_or_default())
            } else {
                run = count;
                self.send_each(&held, rest.get(..count).unwrap_or_default(), losses)
            };
            match went {
                Went::All => rest = rest.get(run..).unwrap_or_default(),
                Went::Refused => most_cut = 1,
                Went::Some(count) => {
                    let left = rest.get(count..).unwrap_or_default();
                    rest = queue.push_all(&held, left, self.queue_limit, losses);
                    self.queued.notify_one();
                }
            }
        }
        queue.held = held;
        queue.held.clear();
    }

    /// Sends replies as one piece that the system cuts.
    fn send_cut(&self, held: &Held, run: &[Reply]) -> Went {
        let Some(first) = run.first() else { return Went::All };
        let transmit = Transmit {
            destination: self.reachable(first.to),
            ecn: None,
            contents: held.joined(run),
            segment_size: Some(first.length()),
            src_ip: first.from.filter(|&from| self.bound != Some(from)),
        };
        match self.try_transmit(&transmit) {
            Ok(()) => Went::All,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Went::Some(0),
            Err(error) => {
                tracing::debug!(to = %first.to, %error, "could not send replies as one piece");
                Went::Refused
            }
        }
    }

    /// Sends replies each for itself.
    #[cfg(not(target_os = "linux"))]
    fn send_each(&self, held: &Held, replies: &[Reply], losses: &mut Losses) -> Went {
        self.send_singly(held, replies, losses)
    }

    /// Sends replies each for itself, with as few calls of the system as may be.
    #[cfg(target_os = "linux")]
    fn send_each(&self, held: &Held, replies: &[Reply], losses: &mut Losses) -> Went {
        use std::io::IoSlice;

        use rustix::net::{
            MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, addr::SocketAddrArg, sendmmsg,
        };

        // Only one by one can they be sent from an address of their own.
        let bound = |reply: &Reply| reply.from.is_none_or(|from| self.bound == Some(from));
        if replies.len() == 1 || !replies.iter().all(bound) {
            return self.send_singly(held, replies, losses);
        }
        let to: Vec<SocketAddrAny> =
            replies.iter().map(|reply| self.reachable(reply.to).as_any()).collect();
        let bytes: Vec<_> = replies.iter().map(|reply| [IoSlice::new(held.bytes(reply))]).collect();
        let mut none: Vec<_> = replies.iter().map(|_| SendAncillaryBuffer::default()).collect();
        let parts = to.iter().zip(&bytes).zip(&mut none);
        let mut messages: Vec<_> =
            parts.map(|((to, bytes), none)| MMsgHdr::new_with_addr(to, bytes, none)).collect();
        let mut sent = 0;
        while let Some(rest) = messages.get_mut(sent..).filter(|rest| !rest.is_empty()) {
            let send = || Ok(sendmmsg(&self.io, rest, SendFlags::empty())?);
            match self.io.try_io(Interest::WRITABLE, send) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Went::Some(sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is about the first of them, which may need to be cut into fragments.
                Err(_) => {
                    let first = replies.get(sent..=sent).unwrap_or_default();
                    if matches!(self.send_singly(held, first, losses), Went::Some(_)) {
                        return Went::Some(sent);
                    }
                    sent += 1;
                }
            }
        }
        Went::All
    }

    fn send_singly(&self, held: &Held, replies: &[Reply], losses: &mut Losses) -> Went {
        for (count, reply) in replies.iter().enumerate() {
            match self.try_send(reply.to, reply.from, held.bytes(reply)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Went::Some(count);
                }
                Err(error) => refused(Some(reply), &error, losses),
            }
        }
        Went::All
    }
}

impl Queue {
    /// Queues replies; returns those that are left, which are none.
    fn push_all<'a>(
        &mut self,
        held: &Held,
        replies: &'a [Reply],
        limit: usize,
        losses: &mut Losses,
    ) -> &'a [Reply] {
        for reply in replies {
            let bytes = Bytes::copy_from_slice(held.bytes(reply));
            losses.dropped += self.push(Outgoing { to: reply.to, from: reply.from, bytes }, limit);
        }
        &[]
    }
}

fn refused(reply: Option<&Reply>, error: &io::Error, losses: &mut Losses) {
    losses.failed += 1;
    tracing::debug!(to = ?reply.map(|reply| reply.to), %error, "could not answer");
}
