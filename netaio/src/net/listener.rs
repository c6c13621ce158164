use std::{future::Future, io};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    engine::Keepalive,
    handler::{Identity, RemoteAddr, Transport},
};

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

    /// Sets when a connection that is silent is probed, as
    /// [`Limits::keepalive`](crate::Limits::keepalive) says; the default does nothing, for streams
    /// that know when their other end has gone.
    fn keep_alive(&self, _stream: &Self::Stream, _keepalive: Option<Keepalive>) {}

    /// Returns the address it listens at, for logs.
    fn describe(&self) -> String {
        self.transport().to_string()
    }
}

mod tcp {
    use std::net::SocketAddr;

    use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Keepalive, Listener, RemoteAddr, Transport, io};

    impl Listener for TcpListener {
        type Stream = TcpStream;

        async fn accept(&mut self) -> io::Result<(TcpStream, RemoteAddr)> {
            let (stream, remote) = Self::accept(self).await?;
            // The connection may be gone already; reading will tell.
            let _ = stream.set_nodelay(true);
            Ok((stream, remote.into()))
        }

        fn keep_alive(&self, stream: &TcpStream, keepalive: Option<Keepalive>) {
            keep_alive(stream, keepalive);
        }

        fn transport(&self) -> Transport {
            Transport::Tcp
        }

        fn describe(&self) -> String {
            self.local_addr().map_or_else(|_| "tcp".into(), |addr| addr.to_string())
        }
    }

    /// Has silent connections probed.
    pub(crate) fn keep_alive(stream: &TcpStream, keepalive: Option<Keepalive>) {
        let Some(Keepalive { after, every, probes }) = keepalive else { return };
        let probing = TcpKeepalive::new().with_time(after).with_interval(every);
        let probing = probing.with_retries(probes);
        if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&probing) {
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
pub(crate) use tcp::keep_alive;

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
