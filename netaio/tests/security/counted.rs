//! What is refused is counted by its reason, where no test of the refusal itself does it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use netaio::{
    App, Keepalive, Limits, TcpServer,
    handler::Transport,
    net::{Listener, UdpHandle, UdpNode, memory},
    peer::{PackifyPeers, Peer, PeerLimits, PeerManagement, PeerPlugin},
    plugin::{HmacAuth, Layer},
    prelude::*,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf},
    net::UdpSocket,
};

use crate::common::{Clock, Raw, Server, seal, within};

fn echo() -> App {
    let app = App::empty();
    app.on(MessageType::RequestUri, |content: Content| content);
    app
}

fn message(kind: MessageType, uri: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    Message::new(kind, uri, content).unwrap().encode().unwrap().to_vec()
}

/// A listener of memory whose connections seem to come from one address.
struct From(&'static str, memory::MemoryListener);

impl Listener for From {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, RemoteAddr)> {
        let (stream, _) = self.1.accept().await?;
        Ok((stream, self.0.parse::<SocketAddr>().unwrap().into()))
    }
}

#[tokio::test]
async fn m6_a_source_that_has_all_its_connections_gets_no_more() {
    let (listener, connector) = memory::network();
    let limits = Limits::default().max_per_source(1);
    let server = TcpServer::builder(echo()).limits(limits);
    let server = server.listen(From("192.0.2.1:1", listener)).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let mut first = Raw(within(connector.connect()).await.unwrap());
    let request = message(MessageType::RequestUri, "u", "");
    assert_eq!(first.kind(&request).await, MessageType::RespondUri);
    let mut second = within(connector.connect()).await.unwrap();
    assert_eq!(within(second.read(&mut [0])).await.unwrap(), 0, "it is closed");
    assert_eq!((handle.counters().refused_source(), handle.counters().refused()), (1, 1));
}

/// A stream whose other end has gone without a word, as the system reports it after its probes.
struct Gone;

impl AsyncRead for Gone {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Gone {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Accepts one such stream.
struct Once(Option<Gone>);

impl Listener for Once {
    type Stream = Gone;

    async fn accept(&mut self) -> io::Result<(Gone, RemoteAddr)> {
        match self.0.take() {
            Some(stream) => Ok((stream, SocketAddr::from(([192, 0, 2, 1], 1)).into())),
            None => std::future::pending().await,
        }
    }

    fn transport(&self) -> Transport {
        Transport::Other
    }
}

#[tokio::test]
async fn m7_a_connection_whose_other_end_has_gone_is_counted() {
    let server = TcpServer::builder(echo()).listen(Once(Some(Gone))).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    within(async {
        while handle.counters().timeouts_keepalive() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(handle.counters().timeouts(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn m7_tcp_connections_are_probed_as_the_limits_say() {
    use tokio::net::{TcpListener, TcpStream};

    async fn probing(keepalive: Option<Keepalive>) -> Option<(Duration, Duration, u32)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _other_end = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        Listener::keep_alive(&listener, &stream, keepalive);
        let socket = socket2::SockRef::from(&stream);
        let is_on = socket.keepalive().unwrap();
        let [after, every] = [socket.tcp_keepalive_time(), socket.tcp_keepalive_interval()];
        is_on.then(|| (after.unwrap(), every.unwrap(), socket.tcp_keepalive_retries().unwrap()))
    }

    let seconds = Duration::from_secs;
    let default = within(probing(Some(Keepalive::default()))).await;
    assert_eq!(default, Some((seconds(60), seconds(15), 4)));
    let other = Keepalive::default().after(seconds(9)).every(seconds(2)).probes(3);
    assert_eq!(within(probing(Some(other))).await, Some((seconds(9), seconds(2), 3)));
    assert_eq!(within(probing(None)).await, None);
}

fn introduction(kind: MessageType, id: &str, data: &[u8]) -> Vec<u8> {
    let peer = Peer::new(id.to_owned()).with_data(data.to_vec());
    message(kind, "netaio", PackifyPeers.pack(&peer))
}

#[tokio::test]
async fn a13_a14_m9_peers_are_refused_for_a_reason() {
    let server = Server::new(echo(), |builder| {
        let limits = PeerLimits::default().max(2).max_data(100);
        builder.manage_peers(PeerManagement::new()).peer_limits(limits)
    });
    let (mut owner, mut thief) = (server.connect().await, server.connect().await);
    let (advertise, leave) = (MessageType::AdvertisePeer, MessageType::Disconnect);
    // Who is refused gets the same answer, and learns nothing.
    assert_eq!(owner.kind(&introduction(advertise, "a", b"1")).await, MessageType::PeerDiscovered);
    for (refused, reason) in [
        (introduction(advertise, "a", b"2"), "conflict"),
        (introduction(leave, "a", b"1"), "owner"),
        (introduction(advertise, "large", &[0; 100]), "size"),
        (message(advertise, "netaio", "no peer"), "syntax"),
        (introduction(advertise, "b", b""), "taken"),
        (introduction(advertise, "c", b""), "full"),
    ] {
        // The request is answered when what comes before it has been handled.
        let mut sent = [refused, message(MessageType::RequestUri, "u", "")].concat();
        while thief.kind(&sent).await != MessageType::RespondUri {
            sent.clear();
        }
        let counters = server.counters();
        let counts = [
            ("conflict", counters.peers_refused_conflict()),
            ("owner", counters.peers_refused_owner()),
            ("size", counters.peers_refused_size()),
            ("syntax", counters.peers_refused_syntax()),
            ("full", counters.peers_refused_full()),
        ];
        let place = counts.iter().position(|(name, _)| *name == reason);
        assert!(place.is_none_or(|place| counts[place].1 == 1), "{reason}: {counts:?}");
    }
    assert_eq!(server.counters().peers_refused(), 5);
    assert_eq!(server.handle.peers().get("a").unwrap().data().as_ref(), b"1");
}

async fn node(app: App, layer: Layer, limits: Limits) -> UdpHandle {
    let node = UdpNode::builder(app).layer(layer).limits(limits).no_multicast();
    within(node.bind("127.0.0.1:0")).await.unwrap().spawn()
}

/// Sends datagrams to a node, the last of which has an answer; returns all answers before that.
async fn answers(node: &UdpHandle, datagrams: &[Vec<u8>]) -> Vec<MessageType> {
    let socket = within(UdpSocket::bind("127.0.0.1:0")).await.unwrap();
    let mut kinds = Vec::new();
    for datagram in datagrams {
        within(socket.send_to(datagram, node.local_addr())).await.unwrap();
    }
    let mut answer = [0; 1_024];
    loop {
        let length = within(socket.recv(&mut answer)).await.unwrap();
        if answer[..length].ends_with(b"the end") {
            return kinds;
        }
        kinds.push(MessageType::from_code(answer[0]).unwrap());
    }
}

#[tokio::test]
async fn u2_hardened_handlers_over_udp_answer_only_who_proved_something() {
    let app = echo();
    app.on((MessageType::CreateUri, "later"), async || {
        tokio::task::yield_now().await;
        "created"
    });
    let inner = Layer::new().auth(HmacAuth::new("the inner secret").field("hmac2"));
    app.on_with((MessageType::RequestUri, "guarded"), inner.clone(), || "the end");
    let clock = Clock::at(netaio::plugin::Environment::unix_time(&netaio::plugin::System));
    let strict = node(app.clone(), Layer::new(), Limits::hardened()).await;
    let guarded = seal(&inner, &clock, MessageType::RequestUri, "guarded");
    let sent = [
        message(MessageType::RequestUri, "u", "who is asking?"),
        message(MessageType::CreateUri, "later", ""),
        guarded,
    ];
    assert_eq!(answers(&strict, &sent).await, []);
    within(async {
        while strict.counters().replies_suppressed_unverified() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let with_auth = Layer::new().auth(HmacAuth::new("a secret of sixteen"));
    let known = node(app.clone(), with_auth.clone(), Limits::hardened()).await;
    let friend = node(App::empty(), with_auth, Limits::hardened()).await;
    let answer = within(friend.request(known.local_addr(), "u").content("hi")).await.unwrap();
    assert_eq!(answer.content(), "hi");
    // By default anybody is answered, as in the original.
    let open = node(app, Layer::new(), Limits::default()).await;
    let last = message(MessageType::RequestUri, "u", "the end");
    let sent = [message(MessageType::RequestUri, "u", "who is asking?"), last];
    assert_eq!(answers(&open, &sent).await, [MessageType::RespondUri]);
}

#[tokio::test]
async fn u6_large_datagrams_of_the_library_are_counted() {
    let local = Peer::new("large").with_data(vec![0; 1_300]);
    let seed: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let node = UdpNode::builder(echo()).local_peer(local).no_multicast().seeds([seed]);
    let node = node.manage_peers(PeerManagement::new()).bind("127.0.0.1:0");
    let node = within(node).await.unwrap().spawn();
    within(async {
        while node.counters().datagrams_oversize() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn messages_that_nobody_takes_make_room_and_are_counted() {
    let node = node(echo(), Layer::new(), Limits::default()).await;
    let socket = within(UdpSocket::bind("127.0.0.1:0")).await.unwrap();
    let mut sent = 0;
    // The system's buffer may lose some of them.
    within(async {
        while node.counters().messages_dropped() == 0 {
            let news = message(MessageType::NotifyUri, "u", "");
            socket.send_to(&news, node.local_addr()).await.unwrap();
            sent += 1;
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(sent > 1_024, "{sent}");
}
