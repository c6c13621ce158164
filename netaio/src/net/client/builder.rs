use std::{fmt, future::Future, io, sync::Arc, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    ConnectError, Reconnect, ServerName, TcpClient, TimedOutCall,
    connection::start,
    shared::{Guard, Options, Shared},
};
use crate::{
    engine::{AuthFailurePolicy, Engine, Limits, Parts},
    handler::{App, MessageTypes, RemoteAddr, Transport},
    net::{
        options::endpoint_options,
        peers::{PeerHost, PeerOptions},
    },
    plugin::{Environment, Layer, Role, System},
    wire::MessageType,
};

/// Builds a [`TcpClient`].
#[derive(Clone)]
#[must_use = "a builder does nothing until `connect`"]
pub struct TcpClientBuilder {
    outer: Layer,
    limits: Limits,
    environment: Arc<dyn Environment>,
    options: Options,
    peers: PeerOptions,
}

impl TcpClientBuilder {
    endpoint_options!();

    pub(super) fn new() -> Self {
        Self {
            outer: Layer::new(),
            limits: Limits::default(),
            environment: Arc::new(System),
            options: Options {
                handlers: App::empty(),
                timeout: Duration::from_secs(10),
                connect_timeout: Duration::from_secs(10),
                reconnect: None,
                on_timeout: None,
                connect_with: None,
                #[cfg(feature = "tls")]
                tls: None,
            },
            peers: PeerOptions::default(),
        }
    }

    /// Sets how long a call waits for its answer, unless it says otherwise; the default is 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// Sets how long connecting may take; the default is 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Restores lost connections; by default they stay lost.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.options.reconnect = Some(policy);
        self
    }

    /// Sets a function that is told of calls that time out; it should not block.
    #[doc(alias = "set_timeout_handler")]
    #[doc(alias = "timeout_error_handler")]
    pub fn on_timeout(mut self, hook: impl Fn(&TimedOutCall) + Send + Sync + 'static) -> Self {
        self.options.on_timeout = Some(Arc::new(hook));
        self
    }

    /// Sets how streams to servers are made, in place of TCP and Unix sockets: whenever it connects
    /// to a server of this name, and connects again.
    ///
    /// ```
    /// use netaio::{App, TcpClient, TcpServer, net::{client::Reconnect, memory}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> netaio::Result<()> {
    /// let (listener, connector) = memory::network();
    /// tokio::spawn(TcpServer::builder(App::empty()).listen(listener)?.run());
    /// let client = TcpClient::builder()
    ///     .connect_with(move |_server| {
    ///         let connector = connector.clone();
    ///         async move { connector.connect().await }
    ///     })
    ///     .reconnect(Reconnect::new())
    ///     .connect("a server in memory")
    ///     .await?;
    /// # client.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_with<F, R, S>(mut self, connect: F) -> Self
    where
        F: Fn(ServerName) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.options.connect_with = Some(Arc::new(move |server| {
            let connecting = connect(server);
            Box::pin(async move { Ok(Box::new(connecting.await?) as _) })
        }));
        self
    }

    /// Connects by TLS, as the configuration says: whom to trust, and the client's certificate.
    ///
    /// The server's certificate must be for the host by which it is named. Unix sockets are used
    /// as they are.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.options.tls = Some(config);
        self
    }

    /// Makes custom message types known, so that messages of them are read. Those that are called
    /// with or have a handler are known without it.
    pub fn message_types<T: MessageTypes>(self) -> Self {
        for &(_, code) in T::TYPES {
            if let Some(message_type) = MessageType::from_code(code) {
                self.options.handlers.router().learn(message_type);
            }
        }
        self
    }

    /// Connects to a server: `host:port`, a socket address, or `unix:` and a path.
    ///
    /// # Errors
    ///
    /// Returns [`ConnectError`] when the name can't be resolved or no address can be reached in
    /// time.
    ///
    /// # Cancel safety
    ///
    /// Nothing is connected when it is dropped before it is done.
    pub async fn connect(self, server: impl Into<ServerName>) -> Result<TcpClient, ConnectError> {
        self.build().connect_to(server).await
    }

    /// Uses a stream that is connected already, to a server of any kind.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub fn connect_stream<S>(self, stream: S) -> TcpClient
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let client = self.build();
        let (name, remote) = (ServerName::from("stream"), RemoteAddr::unnamed());
        start(&client.shared.0, stream, name, remote, Transport::Other);
        client
    }

    /// Makes a client without a connection; [`TcpClient::connect_to`] makes them.
    pub fn build(self) -> TcpClient {
        if let Some(cipher) = self.outer.malleable_cipher(&self.outer) {
            tracing::warn!(cipher, "what the outer layer seals can be changed unnoticed: add auth");
        }
        let engine = Engine::new(Parts {
            role: Role::Client,
            router: Arc::clone(self.options.handlers.router()),
            outer: self.outer,
            peers: self.peers.book(&*self.environment),
            environment: self.environment,
            limits: self.limits,
            on_auth_failure: AuthFailurePolicy::Drop,
        });
        let shared = Arc::new(Shared::new(engine, self.options));
        self.peers.managed.into_iter().for_each(|management| shared.manage(management));
        TcpClient { shared: Arc::new(Guard(shared)), layer: Layer::new(), server: None }
    }
}

impl fmt::Debug for TcpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpClientBuilder").field("outer", &self.outer).finish_non_exhaustive()
    }
}
