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

#[cfg(test)]
mod tests {
    use std::{
        io::IoSliceMut,
        net::{Ipv4Addr, UdpSocket as StdSocket},
        time::Duration,
    };

    use quinn_udp::{RecvMeta, UdpSocketState};
    use tokio::time::timeout;

    use super::{super::socket::Reuse, *};

    async fn socket() -> Socket {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let socket = Socket::bind(addr, Reuse::default(), 1024 * 1024).unwrap();
        timeout(Duration::from_secs(60), socket.io.writable()).await.expect("in time").unwrap();
        socket
    }

    struct Receiver(StdSocket);

    impl Receiver {
        fn new() -> Self {
            let socket = StdSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_nonblocking(true).unwrap();
            Self(socket)
        }

        fn addr(&self) -> SocketAddr {
            self.0.local_addr().unwrap()
        }

        /// Returns what has come: on loopback that is all that was sent.
        fn received(&self) -> Vec<Vec<u8>> {
            let mut buffer = vec![0; 65_536];
            let mut all = Vec::new();
            while let Ok(length) = self.0.recv(&mut buffer) {
                all.push(buffer[..length].to_vec());
            }
            all
        }
    }

    fn reply(socket: &Socket, to: &Receiver, bytes: &[u8]) {
        let mut losses = Losses::default();
        socket.reply(to.addr(), None, bytes, &mut losses).unwrap();
        assert_eq!(losses, Losses::default());
    }

    fn send(socket: &Socket, to: &Receiver, bytes: &'static [u8]) {
        let (to, bytes, mut losses) = (to.addr(), Bytes::from_static(bytes), Losses::default());
        socket.send(Outgoing { to, from: None, bytes }, &mut losses).unwrap();
        assert_eq!(losses, Losses::default());
    }

    #[tokio::test]
    async fn replies_arrive_in_order_whatever_their_sizes_and_receivers() {
        let socket = socket().await;
        let receivers = [Receiver::new(), Receiver::new(), Receiver::new()];
        // Runs that end in shorter ones, and runs that longer ones follow; single ones, large ones.
        let lengths = [9, 9, 9, 5, 5, 30, 30, 2_000, 2_000, 4, 4, 4, 7, 1_200, 1_200, 30_000];
        let mut sent = [const { Vec::new() }; 3];
        for (number, length) in lengths.into_iter().cycle().take(60).enumerate() {
            let to = [0, 0, 0, 1, 0, 2, 2, 1][number % 8];
            let bytes = vec![u8::try_from(number).unwrap(); length];
            reply(&socket, &receivers[to], &bytes);
            sent[to].push(bytes);
        }
        assert_eq!(socket.end_replies(), Losses::default());
        for (receiver, sent) in receivers.iter().zip(&sent) {
            assert!(receiver.received() == *sent);
        }
        assert!(socket.lock().held.is_empty());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn replies_to_one_receiver_go_as_one_piece() {
        let (socket, receiver) = (socket().await, Receiver::new());
        // It takes pieces as they are.
        let state = UdpSocketState::new((&receiver.0).into()).unwrap();
        if socket.most_cut() == 1 || state.gro_segments() == 1 {
            return;
        }
        for bytes in [b"one.", b"two.", b"end."] {
            reply(&socket, &receiver, bytes);
        }
        reply(&socket, &receiver, b"!");
        assert_eq!(socket.end_replies(), Losses::default());
        let (mut buffer, mut metas) = ([0; 100], [RecvMeta::default()]);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        assert_eq!(state.recv((&receiver.0).into(), &mut slices, &mut metas).unwrap(), 1);
        assert_eq!((metas[0].len, metas[0].stride), (13, 4));
        assert_eq!(&buffer[..13], b"one.two.end.!");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_the_system_refuses_to_cut_is_sent_singly() {
        let (socket, receiver) = (socket().await, Receiver::new());
        let numbers: Vec<_> = (0..150_u8).map(|number| vec![number; 10]).collect();
        let mut losses = Losses::default();
        let mut queue = socket.lock();
        for bytes in &numbers {
            queue.held.push(receiver.addr(), None, bytes);
        }
        // No system cuts so many.
        socket.send_replies(&mut queue, 200, &mut losses);
        drop(queue);
        assert_eq!(losses, Losses::default());
        assert!(receiver.received() == numbers);
        assert_eq!(socket.most_cut(), 1);
        // What comes later is not tried again.
        (0..3).for_each(|_| reply(&socket, &receiver, b"later"));
        assert_eq!(socket.end_replies(), Losses::default());
        assert_eq!(receiver.received(), [b"later"; 3]);
    }

    #[tokio::test]
    async fn one_that_can_t_be_sent_is_counted_and_keeps_no_other_back() {
        let (socket, receiver) = (socket().await, Receiver::new());
        let mut losses = Losses::default();
        reply(&socket, &receiver, b"before");
        // The system sends nothing to port 0.
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.reply(nobody, None, b"lost", &mut losses).unwrap();
        reply(&socket, &receiver, b"after");
        assert_eq!(socket.end_replies(), Losses { dropped: 0, failed: 1 });
        assert_eq!(receiver.received(), [&b"before"[..], b"after"]);
    }

    #[tokio::test]
    async fn what_is_sent_meanwhile_comes_after_the_replies_before_it() {
        let (socket, receiver) = (socket().await, Receiver::new());
        reply(&socket, &receiver, b"1");
        reply(&socket, &receiver, b"2");
        assert!(receiver.received().is_empty());
        send(&socket, &receiver, b"3");
        assert_eq!(receiver.received(), [b"1", b"2", b"3"]);
        reply(&socket, &receiver, b"4");
        assert_eq!(socket.end_replies(), Losses::default());
        assert_eq!(receiver.received(), [b"4"]);
    }

    #[tokio::test]
    async fn what_the_system_has_no_room_for_is_queued_in_order() {
        // Until it has been waited for, a socket counts as one without room.
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (socket, receiver) =
            (Socket::bind(addr, Reuse::default(), 30).unwrap(), Receiver::new());
        for bytes in [b"too old...", b"1........."] {
            reply(&socket, &receiver, bytes);
        }
        send(&socket, &receiver, b"2.........");
        reply(&socket, &receiver, b"3.........");
        assert_eq!(socket.end_replies(), Losses { dropped: 1, failed: 0 });
        assert_eq!(receiver.received(), [b""; 0]);
        timeout(Duration::from_secs(60), socket.flush()).await.expect("in time");
        assert_eq!(receiver.received(), [b"1.........", b"2.........", b"3........."]);
    }

    #[tokio::test]
    async fn what_is_held_back_is_bounded() {
        let (socket, receiver) = (socket().await, Receiver::new());
        (0..130).for_each(|_| reply(&socket, &receiver, b"small"));
        assert_eq!(receiver.received().len(), 128);
        assert_eq!(socket.end_replies(), Losses::default());
        assert_eq!(receiver.received().len(), 2);
        let large = [0; 20_000];
        (0..4).for_each(|_| reply(&socket, &receiver, &large));
        assert_eq!(receiver.received().len(), 3);
    }
}
