use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Learned, PackifyPeers, Peer, PeerEvent, PeerLimits, PeerManagement, PeerPlugin, PeerRefusal,
    PeerTable, RemoteAddr,
};
use crate::plugin::Layer;

/// Decides what becomes of management messages: no network, no clock.
#[derive(Debug)]
pub(crate) struct Manager {
    plugin: Arc<dyn PeerPlugin>,
    local: Peer,
    /// The local peer as it is sent.
    packed: Bytes,
    table: PeerTable,
    apps: HashMap<Bytes, Managed>,
    events: Vec<PeerEvent>,
    /// When it was last looked who is silent.
    looked: Duration,
    /// What was refused since this was last taken.
    refused: Option<Refused>,
}

/// Why a message of peer management changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Table(#[from] PeerRefusal),
    #[error("only the peer itself can take leave")]
    NotOwner,
    #[error("what it sent is no peer that is accepted")]
    NoPeer,
}

/// One app id under management.
#[derive(Debug)]
struct Managed {
    every: Duration,
    timeout: Duration,
    /// What protects its messages inside the outer layer.
    layer: Layer,
    /// When it is advertised next.
    next: Duration,
}

impl Default for Manager {
    fn default() -> Self {
        let (plugin, table) = (Arc::new(PackifyPeers), PeerTable::default());
        let (local, packed, apps) = (Peer::default(), Bytes::new(), HashMap::new());
        let (events, looked) = (Vec::new(), Duration::ZERO);
        Self { plugin, local, packed, table, apps, events, looked, refused: None }
    }
}

impl Manager {
    pub(crate) fn new(local: Peer, plugin: Arc<dyn PeerPlugin>, limits: PeerLimits) -> Self {
        let (packed, table) = (plugin.pack(&local).into(), PeerTable::new(limits));
        Self { plugin, local, packed, table, ..Self::default() }
    }

    /// Returns the local peer as it is sent.
    pub(crate) fn introduction(&self) -> Bytes {
        self.packed.clone()
    }

    pub(crate) fn table(&self) -> &PeerTable {
        &self.table
    }

    /// Starts to manage the peers of an app id; it is to be advertised at once.
    pub(crate) fn start(&mut self, management: &PeerManagement, now: Duration) {
        let PeerManagement { app_id, every, timeout, layer } = management.clone();
        self.apps.insert(app_id, Managed { every, timeout, layer, next: now });
    }

    /// Ends the management of an app id; returns the layer of its messages if there was one.
    pub(crate) fn stop(&mut self, app_id: &[u8]) -> Option<Layer> {
        Some(self.apps.remove(app_id)?.layer)
    }

    /// Returns what is managed: app ids, with the layer of their messages.
    pub(crate) fn apps(&self) -> Vec<(Bytes, Layer)> {
        self.apps.iter().map(|(app_id, managed)| (app_id.clone(), managed.layer.clone())).collect()
    }

    /// Takes an ADVERTISE_PEER; returns whether it is to be answered.
    pub(crate) fn advertised(&mut self, content: &[u8], from: &RemoteAddr, now: Duration) -> bool {
        let Some(peer) = self.stranger(content) else { return false };
        // Who is refused is answered like anybody: it learns nothing of the table.
        self.hear(peer, from, now);
        true
    }

    /// Takes a PEER_DISCOVERED, which has no answer.
    pub(crate) fn discovered(&mut self, content: &[u8], from: &RemoteAddr, now: Duration) {
        if let Some(peer) = self.stranger(content) {
            self.hear(peer, from, now);
        }
    }

    /// Takes a DISCONNECT, which has no answer; returns the peer that has left.
    pub(crate) fn disconnected(&mut self, content: &[u8], from: &RemoteAddr) -> Option<Arc<Peer>> {
        let id = self.stranger(content)?.id;
        if self.table.get(&id).is_some_and(|peer| !peer.addrs.contains(from)) {
            self.refused = Some(Refused::NotOwner);
        }
        let lost = self.table.forget(&id, from)?;
        self.events.push(PeerEvent::Lost(Arc::clone(&lost)));
        Some(lost)
    }

    /// Adds a peer that the application vouches for.
    pub(crate) fn add(
        &mut self,
        peer: Peer,
        addr: &RemoteAddr,
        now: Duration,
    ) -> Result<(), PeerRefusal> {
        self.learn(peer, addr, now)
    }

    /// Forgets a peer because the application says so.
    pub(crate) fn remove(&mut self, id: &[u8]) -> Option<Arc<Peer>> {
        let lost = self.table.remove(id)?;
        self.events.push(PeerEvent::Lost(Arc::clone(&lost)));
        Some(lost)
    }

    /// Takes the end of a connection, or of whatever else had an address.
    pub(crate) fn closed(&mut self, addr: &RemoteAddr) {
        let lost = self.table.close(addr);
        self.events.extend(lost.into_iter().map(PeerEvent::Lost));
    }

    pub(crate) fn touch(&mut self, addr: &RemoteAddr, now: Duration) {
        self.table.touch(addr, now);
    }

    /// Forgets the silent; returns them, and the app ids that are to be advertised now.
    pub(crate) fn tick(&mut self, now: Duration) -> (Vec<Arc<Peer>>, Vec<(Bytes, Layer)>) {
        self.looked = now;
        let mut due = Vec::new();
        for (app_id, managed) in &mut self.apps {
            if managed.next <= now {
                due.push((app_id.clone(), managed.layer.clone()));
                managed.next = now.saturating_add(managed.every);
            }
        }
        // Several app ids share the table; a peer is silent when it is so for all of them.
        let timeout = self.apps.values().map(|managed| managed.timeout).max();
        let lost = timeout.map_or_else(Vec::new, |timeout| self.table.expire(now, timeout));
        self.events.extend(lost.iter().cloned().map(PeerEvent::Lost));
        (lost, due)
    }

    /// Returns when [`tick`](Self::tick) has something to do: to advertise, or a second after the
    /// last one while there are peers to forget.
    pub(crate) fn next_tick(&self) -> Option<Duration> {
        let next = self.apps.values().map(|managed| managed.next).min()?;
        // Counted from the last look, not from now: whoever asks again and again, as with every
        // message, is given the same answer.
        let look = (!self.table.is_empty()).then_some(self.looked + Duration::from_secs(1));
        Some(look.map_or(next, |look| next.min(look)))
    }

    /// Takes what has happened since it was last asked.
    pub(crate) fn take_events(&mut self) -> Vec<PeerEvent> {
        std::mem::take(&mut self.events)
    }

    /// Takes what was refused since it was last asked.
    pub(crate) fn take_refused(&mut self) -> Option<Refused> {
        self.refused.take()
    }

    /// Reads a peer that is not this node itself: one hears its own multicasts.
    fn stranger(&mut self, content: &[u8]) -> Option<Peer> {
        let peer = self.plugin.unpack(content).filter(|peer| self.plugin.accepts(peer));
        if peer.is_none() {
            self.refused = Some(Refused::NoPeer);
        }
        peer.filter(|peer| peer.id != self.local.id)
    }

    fn hear(&mut self, peer: Peer, from: &RemoteAddr, now: Duration) {
        self.refused = self.learn(peer, from, now).err().map(Refused::Table);
    }

    fn learn(&mut self, peer: Peer, from: &RemoteAddr, now: Duration) -> Result<(), PeerRefusal> {
        let id = peer.id.clone();
        let learned = self.table.learn(peer, from, now)?;
        let Some(peer) = self.table.get(&id).map(Arc::clone) else { return Ok(()) };
        match learned {
            Learned::New => self.events.push(PeerEvent::Discovered(peer)),
            Learned::Updated => self.events.push(PeerEvent::Updated(peer)),
            Learned::Known => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn the_silent_are_looked_for_every_second_however_often_one_asks() {
        let mut manager = Manager::default();
        let addr = SocketAddr::from(([192, 0, 2, 1], 8888)).into();
        manager.start(&PeerManagement::new().every(Duration::from_secs(1_000)), Duration::ZERO);
        manager.tick(Duration::ZERO);
        assert_eq!(manager.next_tick(), Some(Duration::from_secs(1_000)));
        manager.add(Peer::new("a"), &addr, Duration::ZERO).unwrap();
        assert_eq!(manager.next_tick(), Some(Duration::from_secs(1)));
        manager.touch(&addr, Duration::from_millis(900));
        assert_eq!(manager.next_tick(), Some(Duration::from_secs(1)));
        let (lost, _) = manager.tick(Duration::from_secs(61));
        assert_eq!(lost.len(), 1);
    }
}
