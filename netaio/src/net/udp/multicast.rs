use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
};

use if_addrs::{IfAddr, Interface, get_if_addrs};

use super::socket::Socket;

/// How a node sends to and hears a group.
///
/// A node that is bound to a wildcard address (`0.0.0.0` or `[::]`) joins the groups of its
/// families on every interface that is up and no loopback. One that is bound to a single address
/// sends and hears no multicast, unless this is given to its builder: then it sends from that
/// address, and hears none, since the system gives it only what is sent to its own address.
///
/// ```
/// use netaio::net::Multicast;
///
/// let multicast = Multicast::new().interfaces(["eth0"]).ttl(2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "it is for the builder of a node"]
pub struct Multicast {
    pub(super) group_v4: Ipv4Addr,
    pub(super) group_v6: Ipv6Addr,
    pub(super) interfaces: Option<BTreeSet<String>>,
    pub(super) ttl: u32,
    pub(super) loopback: bool,
    pub(super) hear_own: bool,
}

impl Default for Multicast {
    fn default() -> Self {
        Self {
            // The original's: all hosts of the local network.
            group_v4: Ipv4Addr::new(224, 0, 0, 1),
            // Transient and of the link (RFC 4291, 2.7); its number is `netaio` in ASCII.
            group_v6: Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0x6e65, 0x7461, 0x696f),
            interfaces: None,
            ttl: 1,
            loopback: true,
            hear_own: false,
        }
    }
}

impl Multicast {
    /// Starts with the original's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the IPv4 group; the default is the original's, `224.0.0.1`.
    #[doc(alias = "multicast_group")]
    pub fn group_v4(mut self, group: Ipv4Addr) -> Self {
        self.group_v4 = group;
        self
    }

    /// Sets the IPv6 group; the default is `ff12::6e65:7461:696f`, which reaches the link.
    pub fn group_v6(mut self, group: Ipv6Addr) -> Self {
        self.group_v6 = group;
        self
    }

    /// Uses these interfaces alone, by name; the default is all that are up and no loopback.
    pub fn interfaces<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.interfaces = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Sets how many networks a message may cross; the default is 1, the local one.
    #[doc(alias = "hops")]
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// Sets whether other programs of this machine hear what is sent; the default is true.
    pub fn loopback(mut self, loopback: bool) -> Self {
        self.loopback = loopback;
        self
    }

    /// Sets whether the node hears its own multicasts; the default is false.
    #[doc(alias = "ignore_own_ip")]
    pub fn hear_own(mut self, hear: bool) -> Self {
        self.hear_own = hear;
        self
    }
}

/// A socket's membership in its groups: where to send so that every interface sends.
#[derive(Debug, Default)]
pub(super) struct Membership {
    /// The group and the address to send from, one for each interface.
    pub(super) targets: Vec<(SocketAddr, Option<IpAddr>)>,
    /// The addresses of this machine, to know what this node itself has sent.
    own: BTreeSet<IpAddr>,
    hear_own: bool,
}

impl Membership {
    /// Joins the groups on each suitable interface; the system leaves them with the socket.
    pub(super) fn join(socket: &Socket, multicast: &Multicast) -> io::Result<Self> {
        let local = socket.local_addr();
        let raw = socket.raw();
        let mut this = Self { hear_own: multicast.hear_own, ..Self::default() };
        if local.is_ipv4() {
            raw.set_multicast_ttl_v4(multicast.ttl)?;
            raw.set_multicast_loop_v4(multicast.loopback)?;
        } else {
            raw.set_multicast_hops_v6(multicast.ttl)?;
            raw.set_multicast_loop_v6(multicast.loopback)?;
        }
        let mut joined = BTreeSet::new();
        for interface in get_if_addrs()? {
            this.own.insert(interface.ip());
            if !multicast.takes(&interface) {
                continue;
            }
            let Some((target, from)) = this.target(local, multicast, &interface) else { continue };
            if local.ip().is_unspecified()
                && joined.insert((interface.name.clone(), target.is_ipv4()))
                && let Err(error) = join_one(socket, multicast, &interface)
            {
                tracing::warn!(interface = interface.name, %error, "can't join the group");
                continue;
            }
            this.targets.push((target, from));
        }
        if this.targets.is_empty() {
            tracing::warn!("no interface takes multicast: peers are found by seeds alone");
        }
        Ok(this)
    }

    /// Returns the group as it is reached through an interface, if it is for this socket.
    fn target(
        &self,
        local: SocketAddr,
        multicast: &Multicast,
        interface: &Interface,
    ) -> Option<(SocketAddr, Option<IpAddr>)> {
        let wildcard = local.ip().is_unspecified();
        if !wildcard && local.ip() != interface.ip() {
            return None;
        }
        match &interface.addr {
            IfAddr::V4(addr) if local.is_ipv4() || wildcard => {
                let group = SocketAddr::from((multicast.group_v4, local.port()));
                Some((group, Some(addr.ip.into())))
            }
            // One address of each interface is enough, and every interface has a local one.
            IfAddr::V6(addr) if local.is_ipv6() && addr.ip.is_unicast_link_local() => {
                let scope = interface.index?;
                let group = SocketAddrV6::new(multicast.group_v6, local.port(), 0, scope);
                Some((group.into(), None))
            }
            _ => None,
        }
    }

    /// Returns whether a multicast was sent by this node itself.
    pub(super) fn is_own(&self, from: SocketAddr, port: u16) -> bool {
        !self.hear_own && from.port() == port && self.own.contains(&from.ip())
    }
}

impl Multicast {
    fn takes(&self, interface: &Interface) -> bool {
        match &self.interfaces {
            Some(names) => names.contains(&interface.name),
            None => !interface.is_loopback() && interface.is_oper_up(),
        }
    }
}

fn join_one(socket: &Socket, multicast: &Multicast, interface: &Interface) -> io::Result<()> {
    let raw = socket.raw();
    match &interface.addr {
        IfAddr::V4(addr) => raw.join_multicast_v4(&multicast.group_v4, &addr.ip),
        IfAddr::V6(_) => {
            raw.join_multicast_v6(&multicast.group_v6, interface.index.unwrap_or_default())
        }
    }
}
