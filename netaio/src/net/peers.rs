use std::{fmt, sync::Arc};

use crate::{
    engine::Engine,
    handler::RemoteAddr,
    peer::{
        Manager, PackifyPeers, Peer, PeerBook, PeerEvents, PeerLimits, PeerManagement, PeerPlugin,
    },
    plugin::Environment,
};

/// An endpoint that can manage its peers.
pub(crate) trait PeerHost: Send + Sync {
    fn engine(&self) -> &Arc<Engine>;

    /// Starts to manage the peers of an app id: takes their messages, and sends its own.
    fn manage(&self, management: PeerManagement);

    /// Takes leave of the peers of an app id; returns whether they were managed.
    fn stop(&self, app_id: &[u8]) -> bool;
}

/// The peers that an endpoint knows, and their management; it is a cheap clone.
///
/// Servers, clients and UDP nodes each have one.
///
/// # Examples
///
/// ```no_run
/// use netaio::{net::UdpNode, peer::{Peer, PeerEvent, PeerManagement}};
///
/// # async fn example(app: netaio::App) -> netaio::Result<()> {
/// let node = UdpNode::builder(app).local_peer(Peer::new("node-1")).bind("0.0.0.0:8888").await?;
/// let node = node.spawn();
/// let mut events = node.peers().events();
/// node.peers().manage(PeerManagement::new());
/// while let Some(event) = events.next().await {
///     if let PeerEvent::Discovered(peer) = event {
///         println!("{} at {:?}", peer.id().escape_ascii(), peer.addrs());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Peers {
    host: Arc<dyn PeerHost>,
}

impl Peers {
    pub(crate) fn new(host: Arc<dyn PeerHost>) -> Self {
        Self { host }
    }

    /// Starts to manage the peers of an app id; what was managed under it before is replaced.
    ///
    /// A UDP node advertises itself at once and then at intervals, a TCP client to each server
    /// that it is or will be connected to. A server only answers.
    #[doc(alias = "manage_peers_automatically")]
    #[doc(alias = "begin_peer_advertisement")]
    pub fn manage(&self, management: PeerManagement) {
        self.host.manage(management);
    }

    /// Ends the management of an app id, and takes leave with DISCONNECT; returns whether there
    /// was any. What is known of the peers stays known until it is too old.
    #[doc(alias = "stop_peer_management")]
    #[doc(alias = "stop_peer_advertisement")]
    pub fn stop(&self, app_id: impl AsRef<[u8]>) -> bool {
        self.host.stop(app_id.as_ref())
    }

    /// Returns all peers that are known, in no order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Peer>> {
        self.book().all()
    }

    /// Returns the peer with an id.
    #[must_use]
    #[doc(alias = "get_peer")]
    pub fn get(&self, id: impl AsRef<[u8]>) -> Option<Arc<Peer>> {
        self.book().get(id.as_ref())
    }

    /// Returns the peer at an address.
    #[must_use]
    pub fn at(&self, addr: impl Into<RemoteAddr>) -> Option<Arc<Peer>> {
        self.book().at(&addr.into())
    }

    /// Returns what happens to the peers from now on, as a stream.
    #[must_use]
    pub fn events(&self) -> PeerEvents {
        self.book().events()
    }

    /// Adds a peer that the application knows by other means, or renews it; the usual rules hold.
    ///
    /// # Errors
    ///
    /// Returns [`PeerRefusal`](crate::peer::PeerRefusal) when the table has no room for it, or its
    /// id belongs to another.
    #[doc(alias = "add_or_update_peer")]
    pub fn add(
        &self,
        peer: Peer,
        addr: impl Into<RemoteAddr>,
    ) -> Result<(), crate::peer::PeerRefusal> {
        self.book().with(|manager, now| manager.add(peer, &addr.into(), now))
    }

    /// Forgets a peer; returns it.
    #[doc(alias = "remove_peer")]
    pub fn remove(&self, id: impl AsRef<[u8]>) -> Option<Arc<Peer>> {
        self.book().with(|manager, _| manager.remove(id.as_ref()))
    }

    fn book(&self) -> &PeerBook {
        &self.host.engine().peers
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

/// What a builder collects about peers.
#[derive(Debug, Clone)]
pub(crate) struct PeerOptions {
    pub(crate) local: Option<Peer>,
    pub(crate) plugin: Arc<dyn PeerPlugin>,
    pub(crate) limits: PeerLimits,
    pub(crate) managed: Vec<PeerManagement>,
}

impl Default for PeerOptions {
    fn default() -> Self {
        let plugin = Arc::new(PackifyPeers);
        Self { local: None, plugin, limits: PeerLimits::default(), managed: Vec::new() }
    }
}

impl PeerOptions {
    pub(crate) fn book(&self, environment: &dyn Environment) -> PeerBook {
        let local = self.local.clone().unwrap_or_else(|| {
            let mut id = vec![0; 16];
            environment.fill_random(&mut id);
            Peer::new(id)
        });
        PeerBook::new(Manager::new(local, Arc::clone(&self.plugin), self.limits))
    }
}
