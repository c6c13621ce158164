use std::{
    collections::VecDeque,
    io::{self, IoSliceMut},
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::{io::Interest, net::UdpSocket, sync::Notify};

use super::{fragments, held::Held, replies::Losses};
use crate::handler::SendError;

/// The most that one UDP datagram can carry over IPv4: 65,535 less the headers of IP and UDP.
pub(super) const MAX_DATAGRAM: usize = 65_507;
/// What one read may give: the kernel may join datagrams of one sender up to 64 KiB. Buffers whose
/// distance is a power of two would have to share a small part of the processor's caches.
const BUFFER: usize = 64 * 1024 + 17 * 64;
/// How much the system keeps of what has not been read, if it lets us. Its default is lost to a
/// thousand requests at once.
const UNREAD: usize = 4 * 1024 * 1024;

/// A UDP socket that reads in batches and queues what can't be sent at once.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) io: UdpSocket,
    pub(super) state: UdpSocketState,
    local: SocketAddr,
    /// The one address that it is bound to, unless it is bound to all.
    pub(super) bound: Option<IpAddr>,
    queue: Mutex<Queue>,
    pub(super) queue_limit: usize,
    /// Tells the node's task that the queue is to be written when there is room.
    pub(super) queued: Notify,
}

/// What is to be sent later.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// What the system had no room for.
    pub(super) datagrams: VecDeque<Outgoing>,
    bytes: usize,
    pub(super) held: Held,
}

/// A datagram on its way out.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) to: SocketAddr,
    /// The address to send from: the one that a request came to, or that of an interface.
    pub(super) from: Option<IpAddr>,
    pub(super) bytes: Bytes,
}

/// A datagram that came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    /// The sender; an IPv4 address is never mapped.
    pub(super) from: SocketAddr,
    /// Where it was sent to, as far as the system tells.
    pub(super) to: Option<IpAddr>,
    /// What it carries, in the buffer that it was read into: the next is read there too.
    pub(super) bytes: &'a [u8],
}

/// With whom a socket shares its address.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Reuse {
    pub(super) addr: bool,
    #[cfg(target_os = "linux")]
    pub(super) port: bool,
}

/// The buffers of a reading task.
pub(super) struct Batch {
    buffers: [Box<[u8]>; BATCH_SIZE],
    metas: [RecvMeta; BATCH_SIZE],
}

impl Batch {
    pub(super) fn new() -> Self {
        let buffers = std::array::from_fn(|_| vec![0; BUFFER].into_boxed_slice());
        Self { buffers, metas: [RecvMeta::default(); BATCH_SIZE] }
    }
}

impl Socket {
    pub(super) fn bind(addr: SocketAddr, reuse: Reuse, queue_limit: usize) -> io::Result<Self> {
        let socket = unbound(addr)?;
        if addr.is_ipv6() {
            socket.set_only_v6(!addr.ip().is_unspecified())?;
        }
        socket.set_reuse_address(reuse.addr)?;
        #[cfg(target_os = "linux")]
        socket.set_reuse_port(reuse.port)?;
        socket.set_nonblocking(true)?;
        if let Err(error) = socket.set_recv_buffer_size(UNREAD) {
            tracing::debug!(%error, "the receive buffer stays small");
        }
        socket.bind(&addr.into())?;
        let io = UdpSocket::from_std(socket.into())?;
        let state = if addr.ip().is_unspecified() {
            let state = UdpSocketState::new((&io).into())?;
            forget_congestion(&io, addr);
            state
        } else {
            // What the state would have the system tell of each datagram, above all where it was
            // sent to, is known here, and costs: so another socket is set up for it instead.
            UdpSocketState::new((&unbound(addr)?).into())?
        };
        fragments::prepare(&io, addr);
        let (local, queue, queued) = (io.local_addr()?, Mutex::default(), Notify::new());
        let bound = Some(local.ip()).filter(|ip| !ip.is_unspecified());
        Ok(Self { io, state, local, bound, queue, queue_limit, queued })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn raw(&self) -> socket2::SockRef<'_> {
        socket2::SockRef::from(&self.io)
    }

    /// Waits until there is something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Reads what is there: at least one datagram, or it would block.
    pub(super) fn receive(
        &self,
        batch: &mut Batch,
        mut take: impl FnMut(Incoming<'_>),
    ) -> io::Result<()> {
        let Batch { buffers, metas } = batch;
        let count = self.io.try_io(Interest::READABLE, || {
            let mut slices = buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
            self.state.recv((&self.io).into(), &mut slices, metas)
        })?;
        for (meta, buffer) in metas.iter().zip(buffers.iter()).take(count) {
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            let mut from = meta.addr;
            from.set_ip(from.ip().to_canonical());
            let to = meta.dst_ip.map_or(self.bound, |ip| Some(ip.to_canonical()));
            // An empty datagram has a stride of 0, and is none that anybody waits for.
            for bytes in bytes.chunks(meta.stride.max(1)) {
                take(Incoming { from, to, bytes });
            }
        }
        Ok(())
    }

    /// Sends a datagram, or queues it while the system has no room; a full queue drops its oldest.
    /// Replies that are held back go before it.
    pub(super) fn send(&self, datagram: Outgoing, losses: &mut Losses) -> Result<(), SendError> {
        if datagram.bytes.len() > MAX_DATAGRAM {
            return Err(SendError::DatagramTooLarge);
        }
        let mut queue = self.lock();
        if !queue.held.is_empty() {
            self.send_replies(&mut queue, self.most_cut(), losses);
        }
        if queue.datagrams.is_empty() {
            match self.try_send(datagram.to, datagram.from, &datagram.bytes) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(SendError::Network(error.kind())),
            }
        }
        losses.dropped += queue.push(datagram, self.queue_limit);
        drop(queue);
        self.queued.notify_one();
        Ok(())
    }

    /// Sends what is queued as the system has room; never ends.
    pub(super) async fn flush_forever(&self) {
        loop {
            self.queued.notified().await;
            self.flush().await;
        }
    }

    /// Waits until everything that is queued has been sent.
    pub(super) async fn flush(&self) {
        while !self.lock().datagrams.is_empty() {
            if self.io.writable().await.is_err() {
                return;
            }
            let mut queue = self.lock();
            while let Some(datagram) = queue.datagrams.front() {
                match self.try_send(datagram.to, datagram.from, &datagram.bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => tracing::debug!(to = %datagram.to, %error, "could not send"),
                    Ok(()) => {}
                }
                queue.pop();
            }
        }
    }

    /// Sends one datagram now, if the system has room. The queue must be locked.
    pub(super) fn try_send(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
        bytes: &[u8],
    ) -> io::Result<()> {
        let destination = self.reachable(to);
        let send = || {
            if from.is_none_or(|from| self.bound == Some(from)) {
                return self.io.try_send_to(bytes, destination).map(drop);
            }
            let (ecn, segment_size) = (None, None);
            let transmit =
                Transmit { destination, ecn, contents: bytes, segment_size, src_ip: from };
            self.try_transmit(&transmit)
        };
        match send() {
            Err(error) if fragments::are_needed(&error) => fragments::allowing(&self.io, send),
            sent => sent,
        }
    }

    pub(super) fn try_transmit(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.io.try_io(Interest::WRITABLE, || self.state.try_send((&self.io).into(), transmit))
    }

    /// Maps an IPv4 address where the socket is one of IPv6.
    pub(super) fn reachable(&self, to: SocketAddr) -> SocketAddr {
        match (self.local, to) {
            (SocketAddr::V6(_), SocketAddr::V4(to)) => {
                let ip: Ipv6Addr = to.ip().to_ipv6_mapped();
                SocketAddrV6::new(ip, to.port(), 0, 0).into()
            }
            _ => to,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing that runs under the lock can panic half-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Adds a datagram; the oldest go for it where the limit is exceeded. Returns how many.
    pub(super) fn push(&mut self, datagram: Outgoing, limit: usize) -> usize {
        self.bytes += datagram.bytes.len();
        self.datagrams.push_back(datagram);
        let before = self.datagrams.len();
        while self.bytes > limit && self.datagrams.len() > 1 {
            self.pop();
        }
        before - self.datagrams.len()
    }

    fn pop(&mut self) {
        if let Some(datagram) = self.datagrams.pop_front() {
            self.bytes -= datagram.bytes.len();
        }
    }
}

/// Has the system no longer tell how congested the path of each datagram is, as QUIC wants to know.
fn forget_congestion(socket: &UdpSocket, addr: SocketAddr) {
    let socket = socket2::SockRef::from(socket);
    let mut result = socket.set_recv_tos_v4(false);
    if addr.is_ipv6() {
        result = result.and(socket.set_recv_tclass_v6(false));
    }
    if let Err(error) = result {
        tracing::debug!(%error, "the system goes on to tell of congestion");
    }
}

/// Makes a socket of an address's family.
fn unbound(addr: SocketAddr) -> io::Result<RawSocket> {
    RawSocket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u5_a_full_send_queue_drops_its_oldest() {
        let mut queue = Queue::default();
        let to = SocketAddr::from(([192, 0, 2, 1], 1));
        let datagram = |byte, length| Outgoing { to, from: None, bytes: vec![byte; length].into() };
        assert_eq!([1, 2, 3].map(|byte| queue.push(datagram(byte, 30), 100)), [0, 0, 0]);
        assert_eq!(queue.push(datagram(4, 50), 100), 2);
        let left: Vec<_> = queue.datagrams.iter().map(|datagram| datagram.bytes[0]).collect();
        assert_eq!((left, queue.bytes), (vec![3, 4], 80));
        // The newest is kept whatever its size.
        assert_eq!(queue.push(datagram(5, 200), 100), 2);
        assert_eq!(queue.bytes, 200);
        queue.pop();
        assert_eq!((queue.bytes, queue.datagrams.len()), (0, 0));
    }
}
