//! The limit: what the same work costs in a bare socket loop on one thread of tokio.
//!
//! It answers whatever it has read at once and writes the answers together, keeps no buffer for an
//! idle connection, checks nothing but the checksum and the protection, and has no limits at all.

use std::{
    collections::HashMap,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use bytes::{Buf, BytesMut};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::frames::{Protection, Sealer, code, whole};

/// Serves REQUEST_URI, SUBSCRIBE_URI and PUBLISH_URI over TCP, for ever.
///
/// # Errors
///
/// Fails when it can't listen.
pub async fn tcp(protection: Protection) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    ready("tcp", listener.local_addr()?);
    let shared = Arc::new(Mutex::new(Loop::new(protection)));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let peer = Arc::new(Peer { stream, unsent: Mutex::default() });
        tokio::spawn(serve(peer, Arc::clone(&shared)));
    }
}

/// Serves REQUEST_URI over UDP, for ever.
///
/// # Errors
///
/// Fails when it can't listen.
pub async fn udp() -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    // What does not fit is lost.
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4 * 1024 * 1024)?;
    ready("udp", socket.local_addr()?);
    let mut sealer = Sealer::new(Protection::None);
    let (mut datagram, mut answer) = (vec![0; 65_536], BytesMut::new());
    loop {
        let (length, from) = socket.recv_from(&mut datagram).await?;
        let Some(message) = sealer.open(&datagram[..length]) else { continue };
        answer.clear();
        sealer.answer(code::RESPOND, &datagram[..length], &message, &mut answer);
        socket.send_to(&answer, from).await?;
    }
}

fn ready(network: &str, addr: SocketAddr) {
    println!("READY {network} {} pid {}", addr.port(), std::process::id());
}

/// What all connections share.
struct Loop {
    sealer: Sealer,
    subscribers: HashMap<Vec<u8>, Vec<Arc<Peer>>>,
    /// What has been read; whoever is readable uses it.
    input: Vec<u8>,
    answers: BytesMut,
    /// What goes to the subscribers of one uri.
    notes: BytesMut,
}

struct Peer {
    stream: TcpStream,
    unsent: Mutex<BytesMut>,
}

async fn serve(peer: Arc<Peer>, shared: Arc<Mutex<Loop>>) {
    let mut unfinished = BytesMut::new();
    while peer.stream.readable().await.is_ok() {
        let shared = &mut *lock(&shared);
        match peer.stream.try_read(&mut shared.input) {
            Ok(0) => break,
            Ok(read) if unfinished.is_empty() => {
                let input = std::mem::take(&mut shared.input);
                let used = shared.handle(&peer, &input[..read]);
                unfinished.extend_from_slice(&input[used..read]);
                shared.input = input;
            }
            Ok(read) => {
                unfinished.extend_from_slice(&shared.input[..read]);
                let used = shared.handle(&peer, &unfinished);
                unfinished.advance(used);
                if unfinished.is_empty() {
                    unfinished = BytesMut::new();
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

impl Loop {
    fn new(protection: Protection) -> Self {
        Self {
            sealer: Sealer::new(protection),
            subscribers: HashMap::new(),
            input: vec![0; 65_536],
            answers: BytesMut::new(),
            notes: BytesMut::new(),
        }
    }

    /// Answers every whole frame; returns how many bytes they have.
    fn handle(&mut self, peer: &Arc<Peer>, input: &[u8]) -> usize {
        let (mut rest, mut topic) = (input, Vec::new());
        while let Some(length) = whole(rest) {
            let (frame, after) = rest.split_at(length);
            rest = after;
            let Some(message) = self.sealer.open(frame) else { continue };
            let answer = match message.code {
                code::SUBSCRIBE => {
                    let peers = self.subscribers.entry(message.topic().to_vec()).or_default();
                    peers.push(Arc::clone(peer));
                    code::CONFIRM_SUBSCRIBE
                }
                code::PUBLISH => {
                    if topic != message.topic() {
                        self.notify(&topic);
                        topic = message.topic().to_vec();
                    }
                    self.sealer.answer(code::NOTIFY, frame, &message, &mut self.notes);
                    code::OK
                }
                _ => code::RESPOND,
            };
            self.sealer.answer(answer, frame, &message, &mut self.answers);
        }
        self.notify(&topic);
        peer.send(&self.answers);
        self.answers.clear();
        input.len() - rest.len()
    }

    fn notify(&mut self, topic: &[u8]) {
        for peer in self.subscribers.get(topic).into_iter().flatten() {
            peer.send(&self.notes);
        }
        self.notes.clear();
    }
}

impl Peer {
    fn send(self: &Arc<Self>, bytes: &[u8]) {
        let mut unsent = lock(&self.unsent);
        if bytes.is_empty() || !unsent.is_empty() {
            return unsent.extend_from_slice(bytes);
        }
        let sent = self.stream.try_write(bytes).unwrap_or(0);
        if sent < bytes.len() {
            unsent.extend_from_slice(&bytes[sent..]);
            tokio::spawn(Arc::clone(self).send_rest());
        }
    }

    async fn send_rest(self: Arc<Self>) {
        while self.stream.writable().await.is_ok() {
            let mut unsent = lock(&self.unsent);
            match self.stream.try_write(&unsent) {
                Ok(sent) => unsent.advance(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
            if unsent.is_empty() {
                break;
            }
        }
        *lock(&self.unsent) = BytesMut::new();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
