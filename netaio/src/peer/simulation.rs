//! Hundreds of nodes on a network that loses, repeats, delays, reorders and splits, in virtual time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{Manager, PackifyPeers, Peer, PeerLimits, PeerManagement, RemoteAddr};

const EVERY: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Advertise,
    Discovered,
    Disconnect,
}

/// A datagram on its way: when it arrives, a number that makes the order definite, and the rest.
type Flight = Reverse<(Duration, u64, usize, usize, Kind, Bytes)>;

struct Network {
    nodes: BTreeMap<usize, Manager>,
    flights: BinaryHeap<Flight>,
    now: Duration,
    random: u64,
    sent: u64,
    /// How many of a hundred datagrams are lost.
    loss: u64,
    /// Whether the even and the odd nodes hear each other.
    split: bool,
}

fn addr(node: usize) -> RemoteAddr {
    let [a, b, ..] = (node as u32).to_le_bytes();
    SocketAddr::from(([10, 0, b, a], 8888)).into()
}

fn id(node: usize) -> Bytes {
    format!("node {node}").into()
}

impl Network {
    fn new(seed: u64, nodes: usize, loss: u64) -> Self {
        let (nodes_left, flights) = (BTreeMap::new(), BinaryHeap::new());
        let (now, random) = (Duration::ZERO, seed.wrapping_mul(2).wrapping_add(1));
        let mut network =
            Self { nodes: nodes_left, flights, now, random, sent: 0, loss, split: false };
        (0..nodes).for_each(|node| network.start(node));
        network
    }

    fn start(&mut self, node: usize) {
        let plugin = Arc::new(PackifyPeers);
        let mut manager = Manager::new(Peer::new(id(node)), plugin, PeerLimits::default());
        // Nodes do not start in step.
        let offset = Duration::from_millis(self.random() % 20_000);
        manager.start(&PeerManagement::new().every(EVERY).timeout(TIMEOUT), self.now + offset);
        self.nodes.insert(node, manager);
    }

    /// Takes leave of the others and ends.
    fn stop(&mut self, node: usize) {
        if let Some(manager) = self.nodes.remove(&node) {
            self.multicast(node, Kind::Disconnect, &manager.introduction());
        }
    }

    /// A xorshift generator: equal seeds give equal runs.
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 8
    }

    fn send(&mut self, from: usize, to: usize, kind: Kind, content: &Bytes) {
        let apart = self.split && from % 2 != to % 2;
        let copies = 1 + u64::from(self.random().is_multiple_of(10));
        for _ in 0..copies {
            if apart || self.random() % 100 < self.loss {
                continue;
            }
            // Delays of up to 2 s reorder what is sent at once.
            let arrives = self.now + Duration::from_millis(self.random() % 2_000);
            self.sent += 1;
            self.flights.push(Reverse((arrives, self.sent, from, to, kind, content.clone())));
        }
    }

    fn multicast(&mut self, from: usize, kind: Kind, content: &Bytes) {
        let all: Vec<_> = self.nodes.keys().copied().collect();
        // One's own multicasts come back.
        all.into_iter().for_each(|to| self.send(from, to, kind, content));
    }

    /// Lets time pass.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(500);
            while let Some(&Reverse((arrives, ..))) = self.flights.peek()
                && arrives <= self.now
            {
                let Some(Reverse((_, _, from, to, kind, content))) = self.flights.pop() else {
                    break;
                };
                self.deliver(from, to, kind, &content);
            }
            let nodes: Vec<_> = self.nodes.keys().copied().collect();
            for node in nodes {
                let Some(manager) = self.nodes.get_mut(&node) else { continue };
                let (_, due) = manager.tick(self.now);
                let content = manager.introduction();
                due.iter().for_each(|_| self.multicast(node, Kind::Advertise, &content));
            }
        }
    }

    fn deliver(&mut self, from: usize, to: usize, kind: Kind, content: &[u8]) {
        let Some(manager) = self.nodes.get_mut(&to) else { return };
        match kind {
            Kind::Advertise => {
                if manager.advertised(content, &addr(from), self.now) {
                    let answer = manager.introduction();
                    self.send(to, from, Kind::Discovered, &answer);
                }
            }
            Kind::Discovered => manager.discovered(content, &addr(from), self.now),
            Kind::Disconnect => drop(manager.disconnected(content, &addr(from))),
        }
    }

    /// Asserts that every node knows exactly those that `knows` says, itself excepted.
    fn assert_known(&self, knows: impl Fn(usize, usize) -> bool) {
        for (&node, manager) in &self.nodes {
            let known: HashSet<_> = manager.table().iter().map(|peer| peer.id().clone()).collect();
            let others = self.nodes.keys().filter(|&&other| other != node && knows(node, other));
            let expected: HashSet<_> = others.map(|&other| id(other)).collect();
            assert_eq!(known, expected, "what node {node} knows at {:?}", self.now);
        }
    }
}

#[test]
fn two_hundred_nodes_converge_and_nobody_is_forgotten() {
    // A peer is heard of by its own advert and by its answer to one's own, so with a twentieth lost
    // hardly any of the 39,800 pairs hears nothing for a period, and none for the timeout.
    let mut network = Network::new(1, 200, 5);
    network.run(4 * EVERY);
    network.assert_known(|_, _| true);
    network.run(10 * EVERY);
    network.assert_known(|_, _| true);
}

#[test]
fn with_a_fifth_lost_hardly_anybody_is_forgotten() {
    let mut network = Network::new(1, 100, 20);
    network.run(10 * EVERY);
    // 0.2 * (1 - 0.8 * 0.8) of the pairs hear nothing for a period, its cube for three.
    let known: usize = network.nodes.values().map(|manager| manager.table().len()).sum();
    assert!(known > 100 * 99 * 995 / 1_000, "{known} of 9,900 pairs");
}

#[test]
fn the_dead_are_forgotten_within_the_timeout_and_a_restart_is_found_again() {
    for seed in 1..20 {
        let mut network = Network::new(seed, 40, 5);
        network.run(3 * EVERY);
        network.nodes.remove(&7);
        network.stop(8);
        // What was on its way when it died arrives within 2 s and renews it; ticks are half
        // seconds, and only strictly more than the timeout in whole seconds counts.
        network.run(TIMEOUT + Duration::from_secs(5));
        network.assert_known(|_, _| true);
        network.start(7);
        network.run(4 * EVERY);
        network.assert_known(|_, _| true);
    }
}

#[test]
fn the_halves_of_a_split_network_find_each_other_within_two_periods_of_its_healing() {
    for seed in 1..20 {
        let mut network = Network::new(seed, 40, 0);
        network.run(2 * EVERY);
        network.split = true;
        network.run(TIMEOUT + Duration::from_secs(5));
        network.assert_known(|a, b| a % 2 == b % 2);
        network.split = false;
        network.run(2 * EVERY);
        network.assert_known(|_, _| true);
    }
}

#[test]
fn repeated_and_reordered_messages_leave_equal_tables() {
    let tables = |seed| {
        let mut network = Network::new(seed, 30, 5);
        network.run(4 * EVERY);
        network.stop(3);
        network.run(4 * EVERY);
        network.assert_known(|_, _| true);
        network.sent
    };
    assert_eq!(tables(5), tables(5), "equal seeds give equal runs");
}
