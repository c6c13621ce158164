use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{
    Multicast, UdpNode, first_addr,
    multicast::Membership,
    node::{OnTimeout, Parts, Shared},
    socket::{Reuse, Socket},
};
use crate::{
    Result,
    engine::{self, AuthFailurePolicy, Engine, Limits},
    handler::{Router, check_outer},
    net::{
        client::TimedOutCall,
        options::{answering_options, endpoint_options},
        peers::{PeerHost, PeerOptions},
    },
    plugin::{Environment, Layer, Role, System},
};

/// How many bytes may wait until the system takes them.
const QUEUE_LIMIT: usize = 1024 * 1024;

/// Builds a [`UdpNode`].
#[must_use = "a builder does nothing until `bind`"]
pub struct UdpNodeBuilder {
    router: Arc<Router>,
    outer: Layer,
    limits: Limits,
    on_auth_failure: AuthFailurePolicy,
    environment: Arc<dyn Environment>,
    peers: PeerOptions,
    multicast: Option<Multicast>,
    no_multicast: bool,
    seeds: Vec<SocketAddr>,
    reuse: Reuse,
    send_queue: usize,
    timeout: Duration,
    on_timeout: Option<OnTimeout>,
}

impl UdpNodeBuilder {
    pub(super) fn new(router: Arc<Router>) -> Self {
        Self {
            router,
            outer: Layer::new(),
            limits: Limits::default(),
            on_auth_failure: AuthFailurePolicy::default(),
            environment: Arc::new(System),
            peers: PeerOptions::default(),
            multicast: None,
            no_multicast: false,
            seeds: Vec::new(),
            reuse: Reuse::default(),
            send_queue: QUEUE_LIMIT,
            timeout: Duration::from_secs(10),
            on_timeout: None,
        }
    }

    endpoint_options!();
    answering_options!();

    /// Sets how the group is sent to and heard; the default is [`Multicast::default`], for a node
    /// that is bound to a wildcard address.
    pub fn multicast(mut self, multicast: Multicast) -> Self {
        (self.multicast, self.no_multicast) = (Some(multicast), false);
        self
    }

    /// Neither sends nor hears multicasts: peers are found by [seeds](Self::seeds).
    pub fn no_multicast(mut self) -> Self {
        self.no_multicast = true;
        self
    }

    /// Adds addresses to advertise to, for networks without multicast.
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.seeds.extend(seeds);
        self
    }

    /// Sets whether other sockets may be bound to the same address; the default is false, as in
    /// the original. The system then gives each unicast datagram to one of them.
    pub fn reuse_addr(mut self, reuse: bool) -> Self {
        self.reuse.addr = reuse;
        self
    }

    /// Sets whether several nodes of one user may share the address, to use more than one core; the
    /// default is false. The system gives all unicast datagrams of a sender to the same one of
    /// them, which alone knows its subscriptions, and it as a peer; a multicast comes to each.
    ///
    /// It is there on Linux, by `SO_REUSEPORT`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use netaio::prelude::*;
    /// # async fn example<A: netaio::handler::Application>(app: netaio::App<A>) -> netaio::Result<()> {
    /// for _ in 0..4 {
    ///     let node = UdpNode::builder(app.clone()).reuse_port(true).no_multicast();
    ///     node.bind("0.0.0.0:8888").await?.spawn();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(target_os = "linux")]
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse.port = reuse;
        self
    }

    /// Sets how many bytes may wait to be sent before the oldest are dropped; the default is 1 MiB.
    pub fn send_queue(mut self, bytes: usize) -> Self {
        self.send_queue = bytes;
        self
    }

    /// Sets how long a call waits for its answer, unless it says otherwise; the default is 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets a function that is told of calls that time out; it should not block.
    #[doc(alias = "timeout_error_handler")]
    pub fn on_timeout(mut self, hook: impl Fn(&TimedOutCall) + Send + Sync + 'static) -> Self {
        self.on_timeout = Some(Arc::new(hook));
        self
    }

    /// Binds to an address; port 0 takes any free one.
    ///
    /// An IPv6 wildcard (`[::]`) takes IPv4 datagrams as well.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Build`](crate::Error::Build) when a handler's inner layer writes a field of
    /// the outer one, and [`Error::Io`](crate::Error::Io) when the address can't be bound.
    ///
    /// # Cancel safety
    ///
    /// Nothing is bound when it is dropped before it is done.
    pub async fn bind(self, addr: impl tokio::net::ToSocketAddrs) -> Result<UdpNode> {
        check_outer(&self.router, &self.outer)?;
        let socket = Socket::bind(first_addr(addr).await?, self.reuse, self.send_queue)?;
        let wildcard = socket.local_addr().ip().is_unspecified();
        let membership = match &self.multicast {
            _ if self.no_multicast => Membership::default(),
            Some(multicast) => Membership::join(&socket, multicast)?,
            None if wildcard => Membership::join(&socket, &Multicast::default())?,
            None => Membership::default(),
        };
        let engine = Engine::new(engine::Parts {
            role: Role::Node,
            peers: self.peers.book(&*self.environment),
            router: self.router,
            outer: self.outer,
            environment: self.environment,
            limits: self.limits,
            on_auth_failure: self.on_auth_failure,
        });
        let (seeds, timeout, on_timeout) = (self.seeds, self.timeout, self.on_timeout);
        let shared = Shared::new(Parts { engine, socket, membership, seeds, timeout, on_timeout });
        self.peers.managed.into_iter().for_each(|management| shared.manage(management));
        Ok(UdpNode { shared })
    }
}

impl std::fmt::Debug for UdpNodeBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UdpNodeBuilder").field("outer", &self.outer).finish_non_exhaustive()
    }
}
