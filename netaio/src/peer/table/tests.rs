use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;

fn addr(host: u8, port: u16) -> RemoteAddr {
    SocketAddr::from(([192, 0, 2, host], port)).into()
}

fn peer(id: &'static str, data: &'static str) -> Peer {
    Peer::new(id).with_data(data)
}

const NOW: Duration = Duration::ZERO;

impl PeerTable {
    /// Both views name the same pairs, and the counts fit them.
    fn assert_consistent(&self) {
        let mut by_id: Vec<_> = self
            .peers
            .values()
            .flat_map(|e| e.peer.addrs.iter().map(|addr| (e.peer.id.clone(), format!("{addr}"))))
            .collect();
        let mut by_addr: Vec<_> = self
            .addrs
            .iter()
            .flat_map(|(addr, ids)| ids.iter().map(move |id| (id.clone(), format!("{addr}"))))
            .collect();
        by_id.sort();
        by_addr.sort();
        assert_eq!(by_id, by_addr);
        assert!(self.peers.values().all(|e| e.heard.len() == e.peer.addrs.len()));
        let counted: usize = self.sources.values().sum();
        let sourced = self.addrs.iter().filter(|(addr, _)| source(addr).is_some());
        assert_eq!(counted, sourced.map(|(_, ids)| ids.len()).sum::<usize>());
    }
}

#[test]
fn the_silent_go_in_time_however_long_nobody_could_be() {
    let (mut table, timeout) = (PeerTable::default(), Duration::from_secs(60));
    let at = Duration::from_secs;
    table.learn(peer("a", ""), &addr(1, 1), at(1_000)).unwrap();
    table.learn(peer("b", ""), &addr(2, 1), at(1_010)).unwrap();
    let expired = |table: &mut PeerTable, now| -> Vec<_> {
        table.expire(at(now), timeout).iter().map(|peer| peer.id().clone()).collect()
    };
    assert!(expired(&mut table, 1_060).is_empty());
    assert_eq!(expired(&mut table, 1_061), ["a"]);
    table.touch(&addr(2, 1), at(1_065));
    assert!(expired(&mut table, 1_125).is_empty());
    assert_eq!(expired(&mut table, 1_126), ["b"]);
    // A clock that went back is no reason to keep anybody for ever.
    table.learn(peer("c", ""), &addr(3, 1), at(5)).unwrap();
    assert!(expired(&mut table, 65).is_empty());
    assert_eq!(expired(&mut table, 66), ["c"]);
}

#[test]
fn a13_a_live_id_is_owned_by_its_first_address() {
    let mut table = PeerTable::default();
    let (owner, other) = (addr(1, 1), addr(2, 1));
    assert_eq!(table.learn(peer("a", "key"), &owner, NOW), Ok(Learned::New));
    assert_eq!(table.learn(peer("a", "thief's"), &other, NOW), Err(PeerRefusal::Conflict));
    assert_eq!(table.get(b"a").unwrap().data(), "key");
    assert!(table.at(&other).is_none());

    // The same data from elsewhere is added, not preferred.
    assert_eq!(table.learn(peer("a", "key"), &other, NOW), Ok(Learned::Known));
    assert_eq!(table.get(b"a").unwrap().addrs(), [owner.clone(), other.clone()]);
    assert_eq!(table.learn(peer("a", "thief's"), &other, NOW), Err(PeerRefusal::Conflict));

    // The owner may change its data; when it has gone, the next address owns the id.
    assert_eq!(table.learn(peer("a", "new"), &owner, NOW), Ok(Learned::Updated));
    assert!(table.close(&owner).is_empty());
    assert_eq!(table.learn(peer("a", "newer"), &other, NOW), Ok(Learned::Updated));
    table.assert_consistent();
}

#[test]
fn a14_only_the_owner_takes_leave() {
    let mut table = PeerTable::default();
    let (owner, other, stranger) = (addr(1, 1), addr(2, 1), addr(3, 1));
    table.learn(peer("a", ""), &owner, NOW).unwrap();
    table.learn(peer("a", ""), &other, NOW).unwrap();
    assert_eq!(table.forget(b"a", &stranger), None);
    assert_eq!(table.forget(b"a", &other), None);
    assert_eq!(table.get(b"a").unwrap().addrs(), std::slice::from_ref(&owner));
    assert!(table.forget(b"a", &owner).is_some());
    assert!(table.is_empty());
    table.assert_consistent();
}

#[test]
fn m9_a_limit_of_none_lets_nobody_in() {
    let none = PeerLimits::default();
    for limits in [none.max(0), none.max_per_source(0), none.max_per_addr(0)] {
        let refused = PeerTable::new(limits).learn(peer("a", ""), &addr(1, 1), NOW);
        assert_eq!(refused, Err(PeerRefusal::Full));
    }
}

#[test]
fn m9_a_full_table_keeps_whom_it_knows() {
    let limits = PeerLimits::default().max(3).max_per_source(2).max_per_addr(1).max_data(8);
    let mut table = PeerTable::new(limits);
    table.learn(peer("a", ""), &addr(1, 1), NOW).unwrap();
    assert_eq!(table.learn(peer("b", ""), &addr(1, 1), NOW), Err(PeerRefusal::Full));
    table.learn(peer("b", ""), &addr(1, 2), NOW).unwrap();
    assert_eq!(table.learn(peer("c", ""), &addr(1, 3), NOW), Err(PeerRefusal::Full));
    table.learn(peer("c", ""), &addr(2, 1), NOW).unwrap();
    assert_eq!(table.learn(peer("d", ""), &addr(3, 1), NOW), Err(PeerRefusal::Full));
    assert_eq!(table.learn(peer("a", "12345678"), &addr(1, 1), NOW), Err(PeerRefusal::TooLarge));
    assert_eq!(table.learn(peer("", ""), &addr(9, 1), NOW), Err(PeerRefusal::NoId));
    table.remove(b"a");
    table.learn(peer("d", ""), &addr(3, 1), NOW).unwrap();
    table.assert_consistent();
}

#[test]
fn one_address_too_many_replaces_the_stalest_and_never_the_owner() {
    let mut table = PeerTable::new(PeerLimits::default().max_addrs(3));
    for port in 1..=3 {
        table.learn(peer("a", ""), &addr(1, port), Duration::from_secs(port.into())).unwrap();
    }
    table.touch(&addr(1, 2), Duration::from_secs(9));
    table.learn(peer("a", ""), &addr(1, 4), Duration::from_secs(10)).unwrap();
    assert_eq!(table.get(b"a").unwrap().addrs(), [addr(1, 1), addr(1, 2), addr(1, 4)]);
    table.assert_consistent();
}

#[test]
fn a_peer_is_lost_after_strictly_more_than_the_timeout() {
    let mut table = PeerTable::default();
    let timeout = Duration::from_secs(60);
    table.learn(peer("a", ""), &addr(1, 1), Duration::from_secs(1)).unwrap();
    assert!(table.expire(Duration::from_millis(61_999), timeout).is_empty());
    let lost = table.expire(Duration::from_secs(62), timeout);
    assert_eq!(lost.len(), 1);
    assert!(table.is_empty());
    table.assert_consistent();
}

#[test]
fn u6_an_ipv6_source_is_its_whole_network() {
    let mut table = PeerTable::new(PeerLimits::default().max_per_source(1));
    let addr = |text: &str| RemoteAddr::from(text.parse::<SocketAddr>().unwrap());
    table.learn(peer("a", ""), &addr("[2001:db8::1]:1"), NOW).unwrap();
    let hop = table.learn(peer("b", ""), &addr("[2001:db8::ffff:1]:1"), NOW);
    assert_eq!(hop, Err(PeerRefusal::Full));
    table.learn(peer("b", ""), &addr("[2001:db8:0:1::1]:1"), NOW).unwrap();
    // A mapped address is the IPv4 address that it maps.
    assert_eq!(addr("[::ffff:192.0.2.1]:7"), addr("192.0.2.1:7"));
}

proptest! {
    #[test]
    fn both_views_agree_after_any_operations(
        steps in prop::collection::vec((0..6u8, 0..4usize, 0..4u8, 0..2u16, 0..2usize), 0..200),
    ) {
        let limits = PeerLimits::default().max(3).max_addrs(2).max_per_source(3).max_per_addr(2);
        let mut table = PeerTable::new(limits);
        let (ids, datas) = (["a", "b", "c", "d"], ["x", "y"]);
        for (now, (step, id, host, port, data)) in steps.into_iter().enumerate() {
            let (now, addr, id) = (Duration::from_secs(now as u64), addr(host, port), ids[id]);
            match step {
                0..=2 => drop(table.learn(peer(id, datas[data]), &addr, now)),
                3 => drop(table.forget(id.as_bytes(), &addr)),
                4 => drop(table.close(&addr)),
                _ => drop(table.expire(now, Duration::from_secs(20))),
            }
            table.assert_consistent();
            prop_assert!(table.len() <= 3);
        }
    }
}
