//! The peer table does what a plain list of places does, and both of its indexes agree.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use netaio::peer::{ConflictPolicy, Learned, Peer, PeerLimits, PeerRefusal, PeerTable, RemoteAddr};

use crate::input::Input;

/// One address of one peer.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    id: u8,
    addr: RemoteAddr,
    heard: u64,
}

/// What the table must do, by looking at everything each time.
#[derive(Debug, Default)]
struct Model {
    /// In the order in which they were made; the first of an id owns it.
    places: Vec<Place>,
    data: BTreeMap<u8, u8>,
    max: usize,
    max_addrs: usize,
    max_per_source: usize,
    max_per_addr: usize,
    replace: bool,
}

/// Whom an address counts for.
fn source(addr: &RemoteAddr) -> Option<[u8; 8]> {
    let ip = addr.ip()?.ip();
    let part = |octets: &[u8]| octets.first_chunk::<8>().copied();
    match ip {
        _ if ip.is_loopback() => None,
        IpAddr::V4(ip) => part(&[&ip.octets()[..], &[4; 4]].concat()),
        IpAddr::V6(ip) => part(&ip.octets()),
    }
}

impl Model {
    fn has_room(&self, addr: &RemoteAddr) -> bool {
        let at = self.places.iter().filter(|place| place.addr == *addr).count();
        let from = self.places.iter().filter(|place| source(&place.addr) == source(addr)).count();
        at < self.max_per_addr && (source(addr).is_none() || from < self.max_per_source)
    }

    fn learn(
        &mut self,
        id: u8,
        data: u8,
        addr: &RemoteAddr,
        now: u64,
    ) -> Result<Learned, PeerRefusal> {
        let place = Place { id, addr: addr.clone(), heard: now };
        let Some(&known) = self.data.get(&id) else {
            if self.data.len() >= self.max || !self.has_room(addr) {
                return Err(PeerRefusal::Full);
            }
            self.data.insert(id, data);
            self.places.push(place);
            return Ok(Learned::New);
        };
        let mine: Vec<usize> =
            (0..self.places.len()).filter(|&n| self.places[n].id == id).collect();
        let here = mine.iter().copied().find(|&n| self.places[n].addr == *addr);
        if known != data && here != Some(mine[0]) && !self.replace {
            return Err(PeerRefusal::Conflict);
        }
        match here {
            Some(here) => self.places[here].heard = now,
            None if !self.has_room(addr) => return Err(PeerRefusal::Full),
            None => {
                if mine.len() >= self.max_addrs {
                    let others = mine[1..].iter().copied();
                    let Some(stalest) = others.min_by_key(|&n| self.places[n].heard) else {
                        return Err(PeerRefusal::Full);
                    };
                    self.places.remove(stalest);
                }
                self.places.push(place);
            }
        }
        self.data.insert(id, data);
        Ok(if known == data { Learned::Known } else { Learned::Updated })
    }

    /// Takes places away; returns the ids that have none left.
    fn drop_places(&mut self, gone: impl Fn(&Place) -> bool) -> BTreeSet<u8> {
        self.places.retain(|place| !gone(place));
        let left: BTreeSet<u8> = self.places.iter().map(|place| place.id).collect();
        let lost = self.data.keys().copied().filter(|id| !left.contains(id)).collect();
        self.data.retain(|id, _| left.contains(id));
        lost
    }

    fn check(&self, table: &PeerTable, addrs: &[RemoteAddr]) {
        assert_eq!(table.len(), self.data.len());
        assert_eq!(table.is_empty(), self.data.is_empty());
        for (&id, &data) in &self.data {
            let peer = table.get(&[id]).expect("it is known");
            let places = self.places.iter().filter(|place| place.id == id);
            let addrs: Vec<_> = places.map(|place| place.addr.clone()).collect();
            assert_eq!((peer.data().as_ref(), peer.addrs()), (&[data][..], &addrs[..]));
        }
        for addr in addrs {
            let newest = self.places.iter().rev().find(|place| place.addr == *addr);
            let newest = newest.map(|place| vec![place.id]);
            assert_eq!(table.at(addr).map(|peer| peer.id().to_vec()), newest);
        }
    }
}

fn addrs() -> Vec<RemoteAddr> {
    let ips = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1"];
    let ips = ips.into_iter().chain(["[2001:db8:0:1::1]:1", "127.0.0.1:1"]);
    let ips = ips.map(|addr| addr.parse::<SocketAddr>().expect("an address").into());
    ips.chain([RemoteAddr::Unnamed(1)]).collect()
}

fn ids(peers: impl IntoIterator<Item = impl AsRef<Peer>>) -> BTreeSet<u8> {
    peers.into_iter().map(|peer| peer.as_ref().id()[0]).collect()
}

/// Runs one input: limits, then operations.
pub fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let limit = |input: &mut Input<'_>, most| Some(usize::from(input.byte()? % most));
    let Some(max) = limit(&mut input, 8) else { return };
    let Some(max_addrs) = limit(&mut input, 4) else { return };
    let Some(max_per_source) = limit(&mut input, 8) else { return };
    let Some(max_per_addr) = limit(&mut input, 6) else { return };
    let Some(replace) = input.byte().map(|byte| byte % 4 == 0) else { return };
    let policy = if replace { ConflictPolicy::Replace } else { ConflictPolicy::KeepOwner };
    let limits = PeerLimits::default().max(max).max_addrs(max_addrs).max_data(8);
    let limits = limits.max_per_source(max_per_source).max_per_addr(max_per_addr);
    let mut table = PeerTable::new(limits.on_conflict(policy));
    let max_addrs = max_addrs.max(1);
    let (places, data) = (Vec::new(), BTreeMap::new());
    let mut model = Model { places, data, max, max_addrs, max_per_source, max_per_addr, replace };
    let (addrs, mut now) = (addrs(), 0);
    while let (Some(operation), Some(what)) = (input.byte(), input.byte()) {
        let (id, addr) = (what % 8, &addrs[usize::from(what / 8) % addrs.len()]);
        let time = Duration::from_secs(now);
        match operation % 16 {
            0..8 => {
                let data = operation / 16 % 3;
                let learned =
                    table.learn(Peer::new([id].to_vec()).with_data(vec![data]), addr, time);
                assert_eq!(learned, model.learn(id, data, addr, now));
            }
            8 => {
                let huge = Peer::new([id].to_vec()).with_data(vec![0; 8]);
                assert_eq!(table.learn(huge, addr, time), Err(PeerRefusal::TooLarge));
                assert_eq!(table.learn(Peer::new(""), addr, time), Err(PeerRefusal::NoId));
            }
            9 => {
                table.touch(addr, time);
                let here = model.places.iter_mut().filter(|place| place.addr == *addr);
                here.for_each(|place| place.heard = now);
            }
            10 => {
                let owner = model.places.iter().find(|place| place.id == id);
                let owns = owner.is_some_and(|owner| owner.addr == *addr);
                let lost =
                    model.drop_places(|place| place.id == id && (owns || place.addr == *addr));
                assert_eq!(ids(table.forget(&[id], addr)), lost);
            }
            11 => {
                assert_eq!(ids(table.close(addr)), model.drop_places(|place| place.addr == *addr))
            }
            12 => assert_eq!(ids(table.remove(&[id])), model.drop_places(|place| place.id == id)),
            13 => {
                let timeout = u64::from(what % 16);
                let lost = table.expire(time, Duration::from_secs(timeout));
                assert_eq!(ids(lost), model.drop_places(|place| now - place.heard > timeout));
            }
            _ => now += u64::from(what % 8),
        }
        model.check(&table, &addrs);
    }
}
