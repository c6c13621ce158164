use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::hub::Peering;
use crate::{
    engine::Limits,
    handler::{ConnectionId, Link as _, RemoteAddr},
};

/// Who may be connected, and who has to go when too many have proved nothing.
#[derive(Debug)]
pub(crate) struct Admission {
    state: Mutex<State>,
    max_connections: usize,
    max_per_source: usize,
    /// How many connections may have proved nothing; `None` where there is nothing to prove.
    max_strangers: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    connections: usize,
    sources: HashMap<IpAddr, usize>,
    /// The connections that have proved nothing, the oldest first.
    strangers: BTreeMap<ConnectionId, Arc<Peering>>,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Source,
}

/// The place of a connection, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    source: Option<IpAddr>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits, has_auth: bool) -> Self {
        let max_strangers = limits.max_unauthenticated.unwrap_or(limits.max_connections / 4);
        Self {
            state: Mutex::default(),
            max_connections: limits.max_connections,
            max_per_source: limits.max_per_source,
            max_strangers: has_auth.then_some(max_strangers),
        }
    }

    /// Takes a place for a new connection.
    pub(crate) fn admit(self: &Arc<Self>, remote: &RemoteAddr) -> Result<Place, Refusal> {
        let mut state = self.state();
        if state.connections >= self.max_connections {
            return Err(Refusal::Full);
        }
        let source = remote.ip().map(|addr| addr.ip().to_canonical());
        let source = source.filter(|ip| !ip.is_loopback()).map(source_of);
        if let Some(source) = source {
            let connections = state.sources.entry(source).or_default();
            if *connections >= self.max_per_source {
                return Err(Refusal::Source);
            }
            *connections += 1;
        }
        state.connections += 1;
        drop(state);
        Ok(Place { admission: Arc::clone(self), source })
    }

    /// Notes a connection that has proved nothing; returns the oldest if that is one too many.
    pub(crate) fn add_stranger(&self, stranger: &Arc<Peering>) -> Option<Arc<Peering>> {
        let most = self.max_strangers?;
        let mut state = self.state();
        state.strangers.insert(stranger.id(), Arc::clone(stranger));
        let dropped = if state.strangers.len() > most { state.strangers.pop_first() } else { None };
        dropped.map(|(_, oldest)| oldest)
    }

    /// Forgets a stranger: it has proved itself, or ended.
    pub(crate) fn remove_stranger(&self, id: ConnectionId) {
        if self.max_strangers.is_some() {
            self.state().strangers.remove(&id);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.connections -= 1;
        if let Some(source) = self.source
            && let Entry::Occupied(mut connections) = state.sources.entry(source)
        {
            *connections.get_mut() -= 1;
            if *connections.get() == 0 {
                connections.remove();
            }
        }
    }
}

/// Returns whom an address counts for: all of an IPv6 /64 network is one.
pub(crate) fn source_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(addr: &str) -> RemoteAddr {
        addr.parse::<std::net::SocketAddr>().unwrap().into()
    }

    #[test]
    fn m6_a_source_has_so_many_places_and_this_machine_as_many_as_there_are() {
        let limits = Limits::default().max_connections(10).max_per_source(2);
        let admission = Arc::new(Admission::new(&limits, false));
        let mut places = Vec::new();
        for (addr, admitted) in [
            ("192.0.2.1:1", Ok(())),
            ("192.0.2.1:2", Ok(())),
            ("192.0.2.1:3", Err(Refusal::Source)),
            ("[::ffff:192.0.2.1]:4", Err(Refusal::Source)),
            ("192.0.2.2:1", Ok(())),
            ("[2001:db8::1]:1", Ok(())),
            ("[2001:db8::2]:1", Ok(())),
            ("[2001:db8::3]:1", Err(Refusal::Source)),
            ("[2001:db8:0:1::3]:1", Ok(())),
            ("127.0.0.1:1", Ok(())),
            ("127.0.0.1:2", Ok(())),
            ("[::1]:3", Ok(())),
            ("[::1]:4", Ok(())),
            ("[::1]:5", Err(Refusal::Full)),
        ] {
            let place = admission.admit(&from(addr));
            assert_eq!(place.as_ref().map(drop).map_err(|refusal| *refusal), admitted, "{addr}");
            places.extend(place);
        }
        places.clear();
        assert!(admission.state().sources.is_empty());
        assert_eq!(admission.state().connections, 0);
        assert!(admission.admit(&from("192.0.2.1:3")).is_ok());
    }
}
