//! Servers and clients over TLS: who is trusted, who is known, and who stalls nobody.

#![cfg(feature = "tls")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use netaio::{
    App, TcpServer,
    handler::Identity,
    net::{
        ServerHandle, TlsListener,
        client::{Reconnect, ReconnectEvent},
    },
    prelude::*,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer},
        server::WebPkiClientVerifier,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

/// A certificate and its key, made for this run.
struct Certified {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certified {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
        Self { certificate, key }
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.clone()).unwrap()
    }

    fn trusted(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        Arc::new(roots)
    }

    fn server(&self) -> Arc<ServerConfig> {
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![self.certificate.clone()], self.key()).unwrap())
    }

    /// A server that takes clients with a certificate, and if `required` no others.
    fn server_for(&self, client: &Self, required: bool) -> Arc<ServerConfig> {
        let verifier = WebPkiClientVerifier::builder(client.trusted());
        let verifier = if required { verifier } else { verifier.allow_unauthenticated() };
        let config = ServerConfig::builder().with_client_cert_verifier(verifier.build().unwrap());
        Arc::new(config.with_single_cert(vec![self.certificate.clone()], self.key()).unwrap())
    }

    /// A client that trusts a server with this certificate.
    fn client(&self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder().with_root_certificates(self.trusted());
        Arc::new(config.with_no_client_auth())
    }

    fn client_as(&self, me: &Self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder().with_root_certificates(self.trusted());
        let config = config.with_client_auth_cert(vec![me.certificate.clone()], me.key());
        Arc::new(config.unwrap())
    }
}

fn app() -> App {
    let app = App::empty();
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app.on((MessageType::RequestUri, "transport"), |transport: Transport| transport.to_string());
    app.on((MessageType::RequestUri, "who"), |identity: Identity| {
        identity.certificates()[0].clone()
    });
    app
}

fn run(server: TcpServer) -> (u16, ServerHandle) {
    let (port, handle) = (server.local_addr().unwrap().port(), server.handle());
    tokio::spawn(server.run_until(std::future::pending()));
    (port, handle)
}

async fn serve(config: Arc<ServerConfig>) -> (u16, ServerHandle) {
    run(within(TcpServer::builder(app()).bind_tls("127.0.0.1:0", config)).await.unwrap())
}

async fn connect(port: u16, config: Arc<ClientConfig>) -> Result<TcpClient, String> {
    let client = TcpClient::builder().tls(config).connect(("localhost", port));
    within(client).await.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    })
}

#[tokio::test]
async fn calls_go_over_tls() {
    let server = Certified::new("localhost");
    let (port, _handle) = serve(server.server()).await;
    let client = connect(port, server.client()).await.unwrap();
    for length in [0, 1, 16_384, 60_000] {
        let content = vec![7; length];
        let answer = within(client.request("echo").content(&content)).await.unwrap();
        assert_eq!(answer.content(), &content);
    }
    // More than fits between the two, both ways.
    let calls = (0..300).map(|_| client.request("echo").content(vec![7; 60_000]).into_future());
    for answer in within(tokio::task::JoinSet::from_iter(calls).join_all()).await {
        assert_eq!(answer.unwrap().content().len(), 60_000);
    }
    assert_eq!(within(client.request("transport")).await.unwrap().text(), "tls");
    let unknown = within(client.request("who")).await.unwrap();
    assert_eq!(unknown.message_type(), MessageType::NotPermitted);
    assert_eq!(unknown.text(), "connect with a client certificate");
}

#[tokio::test]
async fn a_server_that_is_not_trusted_or_has_another_name_is_an_error_that_says_so() {
    let (server, other) = (Certified::new("localhost"), Certified::new("localhost"));
    let (port, _handle) = serve(server.server()).await;
    let error = connect(port, other.client()).await.unwrap_err();
    assert!(error.contains("invalid peer certificate"), "{error}");
    let elsewhere = Certified::new("elsewhere.example");
    let (port, _handle) = serve(elsewhere.server()).await;
    let error = connect(port, elsewhere.client()).await.unwrap_err();
    assert!(error.contains("not valid for name"), "{error}");
}

#[tokio::test]
async fn handlers_know_a_client_by_its_certificate() {
    let (server, me) = (Certified::new("localhost"), Certified::new("me"));
    for required in [true, false] {
        let (port, _handle) = serve(server.server_for(&me, required)).await;
        let client = connect(port, server.client_as(&me)).await.unwrap();
        let who = within(client.request("who")).await.unwrap();
        assert_eq!(who.content(), &me.certificate[..]);
        // In TLS 1.3 a client learns of its refusal when it has connected.
        let stranger = connect(port, server.client()).await;
        let answer = match stranger {
            Ok(stranger) => within(stranger.request("echo").content("hi")).await.ok(),
            Err(_) => None,
        };
        assert_eq!(answer.is_some(), !required);
        let impostor = connect(port, server.client_as(&Certified::new("me"))).await;
        let answer = match impostor {
            Ok(impostor) => within(impostor.request("echo")).await.ok(),
            Err(_) => None,
        };
        assert!(answer.is_none(), "a certificate that nobody trusts");
    }
}

#[tokio::test]
async fn handshakes_that_stall_delay_nobody_and_have_a_deadline() {
    let server = Certified::new("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr: SocketAddr = listener.local_addr().unwrap();
    let limit = Duration::from_millis(500);
    let listener = TlsListener::new(listener, server.server()).handshake_timeout(limit);
    let serving = TcpServer::builder(app()).listen(listener).unwrap();
    tokio::spawn(serving.run_until(std::future::pending()));
    let mut stalled = Vec::new();
    for _ in 0..50 {
        stalled.push(within(TcpStream::connect(addr)).await.unwrap());
    }
    let client = connect(addr.port(), server.client()).await.unwrap();
    assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
    for stream in &mut stalled {
        assert_eq!(within(stream.read(&mut [0; 1])).await.unwrap(), 0, "it is closed");
    }
}

#[tokio::test]
async fn whoever_speaks_no_tls_is_sent_away() {
    let server = Certified::new("localhost");
    let (port, handle) = serve(server.server()).await;
    let mut plain = within(TcpStream::connect(("127.0.0.1", port))).await.unwrap();
    let message = Message::new(MessageType::RequestUri, "echo", "hi").unwrap();
    within(plain.write_all(&message.encode().unwrap())).await.unwrap();
    // An alert perhaps, and the end.
    let _ = within(plain.read_to_end(&mut Vec::new())).await;
    let client = within(TcpClient::builder().connect(("127.0.0.1", port))).await.unwrap();
    assert!(within(client.request("echo")).await.unwrap_err().is_closed(), "it is no time-out");
    assert_eq!(handle.endpoint().connections(), 0);
    assert_eq!(handle.counters().accept_errors_connection(), 2);
}

#[tokio::test]
async fn a_lost_connection_is_restored_over_tls() {
    let server = Certified::new("localhost");
    let app = app();
    app.on((MessageType::RequestUri, "leave"), |connection: Connection| connection.close());
    let listening = TcpServer::builder(app).bind_tls("127.0.0.1:0", server.server());
    let (port, _handle) = run(within(listening).await.unwrap());
    let (sender, mut events) = mpsc::unbounded_channel();
    let reconnect = Reconnect::new()
        .first_pause(Duration::from_millis(1))
        .hook(move |event| drop(sender.send(event.clone())));
    let client = TcpClient::builder().tls(server.client()).reconnect(reconnect);
    let client = within(client.connect(("localhost", port))).await.unwrap();
    let _ = within(client.request("leave")).await;
    while !matches!(within(events.recv()).await.unwrap(), ReconnectEvent::Restored { .. }) {}
    assert_eq!(within(client.request("echo").content("hi")).await.unwrap().content(), "hi");
}
