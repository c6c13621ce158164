use std::{
    collections::{HashMap, hash_map::Entry as MapEntry},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{Peer, RemoteAddr};

/// How many peers a table remembers, and how much of each.
///
/// A full table takes no new peer until one has left: what is known is never pushed out by
/// strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct PeerLimits {
    max: usize,
    max_addrs: usize,
    max_data: usize,
    max_per_source: usize,
    max_per_addr: usize,
    on_conflict: ConflictPolicy,
}

impl Default for PeerLimits {
    fn default() -> Self {
        Self {
            max: 4_096,
            max_addrs: 8,
            max_data: 4 * 1_024,
            max_per_source: 64,
            max_per_addr: 16,
            on_conflict: ConflictPolicy::KeepOwner,
        }
    }
}

impl PeerLimits {
    /// Sets how many peers are remembered; the default is 4,096.
    pub fn max(mut self, peers: usize) -> Self {
        self.max = peers;
        self
    }

    /// Sets how many addresses of one peer are remembered; the default is 8. One more takes the
    /// place of the one that was silent the longest, never of the owner.
    pub fn max_addrs(mut self, addrs: usize) -> Self {
        self.max_addrs = addrs.max(1);
        self
    }

    /// Sets how many bytes a peer's id and data may have together; the default is 4 KiB.
    pub fn max_data(mut self, bytes: usize) -> Self {
        self.max_data = bytes;
        self
    }

    /// Sets how many peers one IPv4 address or IPv6 /64 network may introduce; the default is 64.
    /// Loopback has no such limit.
    pub fn max_per_source(mut self, peers: usize) -> Self {
        self.max_per_source = peers;
        self
    }

    /// Sets how many peers one address and port, or one connection, may introduce; the default is
    /// 16.
    pub fn max_per_addr(mut self, peers: usize) -> Self {
        self.max_per_addr = peers;
        self
    }

    /// Sets what happens when a live id is claimed with other data from another address; the
    /// default is [`ConflictPolicy::KeepOwner`].
    pub fn on_conflict(mut self, policy: ConflictPolicy) -> Self {
        self.on_conflict = policy;
        self
    }
}

/// What happens when a live peer's id is claimed with other data from another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ConflictPolicy {
    /// The claim is refused until the owner leaves or is not heard of for too long.
    #[default]
    KeepOwner,
    /// The claim replaces the owner, as in the original. Anybody can then take any id over, and
    /// what is sealed to that peer with it.
    Replace,
}

/// The peers an endpoint knows, by id and by address; both views always agree.
///
/// The first address that introduces an id owns it. The same data from another address adds that
/// address behind the owner's; other data is refused while the owner is alive. Only the owner can
/// change the data or take leave. When the owner's address goes, the next one owns the id.
///
/// Time comes in as an argument, in any unit of a [`Duration`] since a start of the caller's.
///
/// ```
/// use std::{net::SocketAddr, time::Duration};
/// use netaio::peer::{Learned, Peer, PeerRefusal, PeerTable};
///
/// let mut table = PeerTable::default();
/// let now = Duration::ZERO;
/// let addr: SocketAddr = "192.0.2.1:8888".parse()?;
/// assert_eq!(table.learn(Peer::new("a"), &addr.into(), now), Ok(Learned::New));
///
/// let thief: SocketAddr = "192.0.2.66:8888".parse()?;
/// let claim = Peer::new("a").with_data("other");
/// assert_eq!(table.learn(claim, &thief.into(), now), Err(PeerRefusal::Conflict));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Default)]
pub struct PeerTable {
    limits: PeerLimits,
    peers: HashMap<Bytes, Entry>,
    /// The ids introduced from an address, the newest last.
    addrs: HashMap<RemoteAddr, Vec<Bytes>>,
    /// How many ids each source has at any of its addresses.
    sources: HashMap<IpAddr, usize>,
    /// No address was heard before this.
    heard_since: Duration,
}

#[derive(Debug)]
struct Entry {
    peer: Arc<Peer>,
    /// When each of the peer's addresses was last heard, in the order of its addresses.
    heard: Vec<Duration>,
}

/// What a table made of a peer that it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It was not known.
    New,
    /// Its data has changed.
    Updated,
    /// It was known, perhaps from another address.
    Known,
}

/// Why a table did not take a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerRefusal {
    /// A live peer with this id has other data and another address.
    #[error("the id belongs to another peer that is alive")]
    Conflict,
    /// The table, or what one source may put into it, is full.
    #[error("no room for more peers")]
    Full,
    /// Its id and data are too large.
    #[error("the id and data are too large")]
    TooLarge,
    /// It has no id.
    #[error("the id is empty")]
    NoId,
}

impl PeerTable {
    /// Makes an empty table.
    #[must_use]
    pub fn new(limits: PeerLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Remembers a peer that made itself known from an address, or renews it.
    ///
    /// # Errors
    ///
    /// Returns [`PeerRefusal`]; the table is as it was then.
    pub fn learn(
        &mut self,
        peer: Peer,
        from: &RemoteAddr,
        now: Duration,
    ) -> Result<Learned, PeerRefusal> {
        if peer.id.is_empty() {
            return Err(PeerRefusal::NoId);
        }
        if peer.id.len().saturating_add(peer.data.len()) > self.limits.max_data {
            return Err(PeerRefusal::TooLarge);
        }
        self.heard_since = self.heard_since.min(now);
        let Some(known) = self.peers.get(&peer.id) else {
            return self.add(peer, from, now);
        };
        let place = known.peer.addrs.iter().position(|addr| addr == from);
        let changed = known.peer.data != peer.data;
        let owns = place == Some(0) || self.limits.on_conflict == ConflictPolicy::Replace;
        if changed && !owns {
            return Err(PeerRefusal::Conflict);
        }
        if place.is_none() {
            self.add_addr(&peer.id, from, now)?;
        }
        let Some(entry) = self.peers.get_mut(&peer.id) else { return Ok(Learned::Known) };
        if let Some(heard) = place.and_then(|place| entry.heard.get_mut(place)) {
            *heard = now;
        }
        if changed {
            Arc::make_mut(&mut entry.peer).data = peer.data;
            return Ok(Learned::Updated);
        }
        Ok(Learned::Known)
    }

    fn add(
        &mut self,
        peer: Peer,
        from: &RemoteAddr,
        now: Duration,
    ) -> Result<Learned, PeerRefusal> {
        if self.peers.len() >= self.limits.max {
            return Err(PeerRefusal::Full);
        }
        self.index(&peer.id, from)?;
        let peer = Peer { addrs: vec![from.clone()], ..peer };
        self.peers.insert(peer.id.clone(), Entry { peer: Arc::new(peer), heard: vec![now] });
        Ok(Learned::New)
    }

    /// Adds an address to a known peer, in the place of the stalest if there are too many.
    fn add_addr(
        &mut self,
        id: &Bytes,
        addr: &RemoteAddr,
        now: Duration,
    ) -> Result<(), PeerRefusal> {
        self.index(id, addr)?;
        let most = self.limits.max_addrs;
        let Some(entry) = self.peers.get_mut(id) else { return Ok(()) };
        let mut dropped = None;
        let peer = Arc::make_mut(&mut entry.peer);
        if peer.addrs.len() >= most {
            // The owner, which is the first, stays.
            let stalest = (1..peer.addrs.len()).min_by_key(|&place| entry.heard.get(place));
            let Some(place) = stalest else {
                self.unindex(id, addr);
                return Err(PeerRefusal::Full);
            };
            dropped = Some(peer.addrs.remove(place));
            entry.heard.remove(place);
        }
        peer.addrs.push(addr.clone());
        entry.heard.push(now);
        if let Some(dropped) = dropped {
            self.unindex(id, &dropped);
        }
        Ok(())
    }

    /// Renews the peers at an address: a message of theirs was answered.
    pub fn touch(&mut self, addr: &RemoteAddr, now: Duration) {
        self.heard_since = self.heard_since.min(now);
        for id in self.addrs.get(addr).into_iter().flatten() {
            let Some(entry) = self.peers.get_mut(id) else { continue };
            let place = entry.peer.addrs.iter().position(|known| known == addr);
            if let Some(heard) = place.and_then(|place| entry.heard.get_mut(place)) {
                *heard = now;
            }
        }
    }

    /// Takes a peer's leave, if the message came from the address that owns its id; returns the
    /// peer. From another of its addresses it only takes that address away.
    pub fn forget(&mut self, id: &[u8], from: &RemoteAddr) -> Option<Arc<Peer>> {
        let entry = self.peers.get(id)?;
        let id = entry.peer.id.clone();
        match entry.peer.addrs.iter().position(|addr| addr == from)? {
            0 => self.remove(&id),
            _ => self.drop_addr(&id, from),
        }
    }

    /// Takes an address away from every peer that had it, as when a connection ends; returns the
    /// peers that have none left.
    pub fn close(&mut self, addr: &RemoteAddr) -> Vec<Arc<Peer>> {
        let ids = self.addrs.get(addr).cloned().unwrap_or_default();
        ids.iter().filter_map(|id| self.drop_addr(id, addr)).collect()
    }

    /// Takes away every address that has been silent for more than `timeout`, in whole seconds as
    /// in the original; returns the peers that have none left.
    pub fn expire(&mut self, now: Duration, timeout: Duration) -> Vec<Arc<Peer>> {
        let is_silent =
            |heard: Duration| now.as_secs().saturating_sub(heard.as_secs()) > timeout.as_secs();
        // Mostly nobody can be silent, and then a large table need not be looked through.
        if !is_silent(self.heard_since) {
            return Vec::new();
        }
        let mut silent = Vec::new();
        self.heard_since = now;
        for entry in self.peers.values() {
            for (addr, &heard) in entry.peer.addrs.iter().zip(&entry.heard) {
                if is_silent(heard) {
                    silent.push((entry.peer.id.clone(), addr.clone()));
                } else {
                    self.heard_since = self.heard_since.min(heard);
                }
            }
        }
        silent.iter().filter_map(|(id, addr)| self.drop_addr(id, addr)).collect()
    }

    /// Forgets a peer, whoever it is; returns it.
    pub fn remove(&mut self, id: &[u8]) -> Option<Arc<Peer>> {
        let entry = self.peers.remove(id)?;
        for addr in &entry.peer.addrs {
            self.unindex(&entry.peer.id, addr);
        }
        Some(entry.peer)
    }

    /// Returns the peer with an id.
    #[must_use]
    pub fn get(&self, id: &[u8]) -> Option<&Arc<Peer>> {
        Some(&self.peers.get(id)?.peer)
    }

    /// Returns the peer at an address; the newest, if several are.
    #[must_use]
    pub fn at(&self, addr: &RemoteAddr) -> Option<&Arc<Peer>> {
        self.get(self.addrs.get(addr)?.last()?)
    }

    /// Returns all peers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Peer>> {
        self.peers.values().map(|entry| &entry.peer)
    }

    /// Returns how many peers it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Returns whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    fn drop_addr(&mut self, id: &Bytes, addr: &RemoteAddr) -> Option<Arc<Peer>> {
        let entry = self.peers.get_mut(id)?;
        let place = entry.peer.addrs.iter().position(|known| known == addr)?;
        if entry.peer.addrs.len() == 1 {
            return self.remove(id);
        }
        Arc::make_mut(&mut entry.peer).addrs.remove(place);
        entry.heard.remove(place);
        self.unindex(id, addr);
        None
    }

    /// Notes that an id is at an address, if the address may have one more.
    fn index(&mut self, id: &Bytes, addr: &RemoteAddr) -> Result<(), PeerRefusal> {
        let ids = self.addrs.get(addr).map_or(0, Vec::len);
        let source = source(addr);
        let from_source = |source| self.sources.get(&source).copied().unwrap_or_default();
        if ids >= self.limits.max_per_addr
            || source.is_some_and(|source| from_source(source) >= self.limits.max_per_source)
        {
            return Err(PeerRefusal::Full);
        }
        self.addrs.entry(addr.clone()).or_default().push(id.clone());
        if let Some(source) = source {
            *self.sources.entry(source).or_default() += 1;
        }
        Ok(())
    }

    fn unindex(&mut self, id: &Bytes, addr: &RemoteAddr) {
        if let MapEntry::Occupied(mut ids) = self.addrs.entry(addr.clone()) {
            ids.get_mut().retain(|known| known != id);
            if ids.get().is_empty() {
                ids.remove();
            }
        }
        if let Some(source) = source(addr)
            && let MapEntry::Occupied(mut peers) = self.sources.entry(source)
        {
            *peers.get_mut() -= 1;
            if *peers.get() == 0 {
                peers.remove();
            }
        }
    }
}

/// Returns whom an address counts for: an IPv4 address, or the /64 network of an IPv6 one, since
/// its user has all of that. Loopback counts for nobody.
fn source(addr: &RemoteAddr) -> Option<IpAddr> {
    let ip = addr.ip()?.ip();
    match ip {
        _ if ip.is_loopback() => None,
        IpAddr::V4(_) => Some(ip),
        IpAddr::V6(ip) => Some(IpAddr::V6((ip.to_bits() >> 64 << 64).into())),
    }
}

#[cfg(test)]
mod tests;
