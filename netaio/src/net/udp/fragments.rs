//! Datagrams over the path's unit are cut into fragments, as the original's are. All others are sent
//! as ones that may not be cut: those need no number among all of the machine's packets, which the
//! system takes its time to find.

#[cfg(target_os = "linux")]
pub(super) use linux::{allowing, are_needed, prepare};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{allowing, are_needed, prepare};

#[cfg(target_os = "linux")]
mod linux {
    use std::{io, net::SocketAddr};

    use rustix::{
        io::Errno,
        net::sockopt::{
            Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
        },
    };
    use tokio::net::UdpSocket;

    /// Sets up a new socket.
    pub(in super::super) fn prepare(socket: &UdpSocket, addr: SocketAddr) {
        let mut result = set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DO);
        if addr.is_ipv6() {
            // No router cuts, and the sender may always: there is no number to be spared.
            result = result.and(set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::WANT));
        }
        note(result);
    }

    /// Returns whether a datagram was not sent because it must be cut.
    pub(in super::super) fn are_needed(error: &io::Error) -> bool {
        error.raw_os_error() == Some(Errno::MSGSIZE.raw_os_error())
    }

    /// Sends with leave to cut. Nobody else may send meanwhile.
    pub(in super::super) fn allowing<T>(socket: &UdpSocket, send: impl FnOnce() -> T) -> T {
        note(set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::WANT));
        let sent = send();
        note(set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DO));
        sent
    }

    fn note(result: rustix::io::Result<()>) {
        if let Err(error) = result {
            tracing::warn!(%error, "datagrams over the path's unit can't be sent");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, ip_mtu_discover};
    use tokio::net::UdpSocket;

    use super::*;

    #[tokio::test]
    async fn fragments_are_allowed_for_one_datagram_only() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        prepare(&socket, socket.local_addr().unwrap());
        assert_eq!(ip_mtu_discover(&socket).unwrap(), Ipv4PathMtuDiscovery::DO);
        let during = allowing(&socket, || ip_mtu_discover(&socket).unwrap());
        assert_eq!(during, Ipv4PathMtuDiscovery::WANT);
        assert_eq!(ip_mtu_discover(&socket).unwrap(), Ipv4PathMtuDiscovery::DO);
        let too_large = socket.send_to(&[0; 65_508], ("127.0.0.1", 9)).await;
        assert!(are_needed(&too_large.unwrap_err()));
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::{io, net::SocketAddr};

    use tokio::net::UdpSocket;

    pub(in super::super) fn prepare(_: &UdpSocket, _: SocketAddr) {}

    pub(in super::super) fn are_needed(_: &io::Error) -> bool {
        false
    }

    pub(in super::super) fn allowing<T>(_: &UdpSocket, send: impl FnOnce() -> T) -> T {
        send()
    }
}
