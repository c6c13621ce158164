use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The kind of network that a message came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// A TCP connection.
    Tcp,
    /// A TLS connection over TCP.
    Tls,
    /// UDP datagrams.
    Udp,
    /// A Unix domain socket.
    Unix,
    /// A stream inside this process.
    Memory,
    /// Any other stream that the application brought.
    Other,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp => "udp",
            Self::Unix => "unix",
            Self::Memory => "memory",
            Self::Other => "stream",
        })
    }
}

/// The other end of a connection, or the sender of a datagram.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteAddr {
    /// An IP address and port. An IPv4 address is always in its own form, never mapped into IPv6.
    Ip(SocketAddr),
    /// A Unix socket that is bound to a path; clients seldom are.
    Unix(PathBuf),
    /// A stream without an address, such as a Unix client's or one in memory, by a number that is
    /// unique in this process.
    Unnamed(u64),
}

impl RemoteAddr {
    /// Returns the IP address and port, if it has them.
    #[must_use]
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(addr) => Some(*addr),
            Self::Unix(_) | Self::Unnamed(_) => None,
        }
    }

    /// Makes the address of one more stream that has none.
    pub(crate) fn unnamed() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self::Unnamed(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the path of a Unix socket, if it has one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            Self::Ip(_) | Self::Unnamed(_) => None,
        }
    }
}

impl From<SocketAddr> for RemoteAddr {
    fn from(mut addr: SocketAddr) -> Self {
        // A dual-stack listener reports IPv4 peers as mapped addresses.
        addr.set_ip(addr.ip().to_canonical());
        Self::Ip(addr)
    }
}

impl fmt::Display for RemoteAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(addr) => addr.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Unnamed(number) => write!(f, "unnamed:{number}"),
        }
    }
}
