use std::{future::Future, io};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::handler::{Identity, RemoteAddr, Transport};

/// A source of connections: anything that accepts byte streams.
///
/// TCP and Unix listeners of tokio implement it, and [`MemoryListener`](super::memory::MemoryListener);
/// implement it to serve over streams of your own.
pub trait Listener: Send + 'static {
    /// The stream of one connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// An error does not end the server: it is logged, and accepting goes on after a pause.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, RemoteAddr)>> + Send;

    /// Returns the kind of network, for handlers and logs.
    fn transport(&self) -> Transport {
        Transport::Other
    }

    /// Returns who the other end of a connection has proved to be; the default is nobody.
    fn identity(&self, _stream: &Self::Stream) -> Option<Identity> {
        None
    }

    /// Returns the address it listens at, for logs.
    fn describe(&self) -> String {
        self.transport().to_string()
    }
}

mod tcp {
    use std::net::SocketAddr;

    use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Listener, RemoteAddr, Transport, io};
    use std::time::Duration;

    /// Silence after which a connection is probed, so that half-open ones are found.
    const KEEPALIVE: Duration = Duration::from_secs(60);
    const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

    impl Listener for TcpListener {
        type Stream = TcpStream;

        async fn accept(&mut self) -> io::Result<(TcpStream, RemoteAddr)> {
            let (stream, remote) = Self::accept(self).await?;
            prepare_tcp(&stream);
            Ok((stream, remote.into()))
        }

        fn transport(&self) -> Transport {
            Transport::Tcp
        }

        fn describe(&self) -> String {
            self.local_addr().map_or_else(|_| "tcp".into(), |addr| addr.to_string())
        }
    }

    /// Sets what every TCP connection of ours has: no delay of small messages, keepalive.
    pub(crate) fn prepare_tcp(stream: &TcpStream) {
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_INTERVAL);
        let kept = SockRef::from(stream).set_tcp_keepalive(&keepalive);
        if let Err(error) = stream.set_nodelay(true).and(kept) {
            // The connection may be gone already; reading will tell.
            tracing::debug!(%error, "a socket option was refused");
        }
    }

    /// Binds a TCP listener at the first address that can be had.
    ///
    /// An IPv6 wildcard (`[::]`) takes IPv4 connections as well. The address can be bound again at
    /// once after a restart.
    ///
    /// # Errors
    ///
    /// Returns the last address's error, or `InvalidInput` when there is no address.
    pub fn bind_tcp(addrs: &[SocketAddr], backlog: u32) -> io::Result<TcpListener> {
        let none = io::Error::new(io::ErrorKind::InvalidInput, "no address to listen at");
        let mut result = Err(none);
        for addr in addrs {
            result = bind_one(*addr, backlog);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn bind_one(addr: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        if addr.is_ipv6() {
            socket.set_only_v6(!addr.ip().is_unspecified())?;
        }
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&addr.into())?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        TcpListener::from_std(socket.into())
    }
}

pub use tcp::bind_tcp;
pub(crate) use tcp::prepare_tcp;

#[cfg(unix)]
impl Listener for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn accept(&mut self) -> io::Result<(Self::Stream, RemoteAddr)> {
        let (stream, remote) = Self::accept(self).await?;
        let path = remote.as_pathname().map(Into::into);
        Ok((stream, path.map_or_else(RemoteAddr::unnamed, RemoteAddr::Unix)))
    }

    fn transport(&self) -> Transport {
        Transport::Unix
    }

    fn describe(&self) -> String {
        let addr = self.local_addr().ok();
        let path = addr.as_ref().and_then(|addr| addr.as_pathname());
        path.map_or_else(|| "unix".into(), |path| format!("unix:{}", path.display()))
    }
}
