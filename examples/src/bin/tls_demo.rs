//! A server and a client with certificates, in one process: who asks is known by its certificate.
//!
//! The certificates are made at the start and trust each other; real ones come from files, as
//! [rustls](https://docs.rs/rustls) shows.

use std::sync::Arc;

use netaio::{
    handler::Identity,
    prelude::*,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, pki_types::PrivateKeyDer,
        server::WebPkiClientVerifier,
    },
};
use netaio_examples::log;

/// Greets those it knows.
#[app]
struct App;

#[on(RequestUri, uri = "hello")]
fn hello(identity: Identity, content: Content) -> String {
    let certificate = &identity.certificates()[0];
    format!(
        "hello {}, with your certificate of {} bytes",
        content.to_string_lossy(),
        certificate.len()
    )
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log();
    let (ours, theirs) = (certificate("localhost")?, certificate("client")?);
    let clients = WebPkiClientVerifier::builder(trusting(&theirs)?).build()?;
    let server = ServerConfig::builder()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![ours.cert.der().clone()], key(&ours)?)?;
    let client = ClientConfig::builder()
        .with_root_certificates(trusting(&ours)?)
        .with_client_auth_cert(vec![theirs.cert.der().clone()], key(&theirs)?)?;

    let app = App::builder().build()?;
    let server = TcpServer::builder(app).bind_tls("127.0.0.1:0", Arc::new(server)).await?;
    let (port, handle) = (server.local_addr()?.port(), server.handle());
    let serving = tokio::spawn(server.run());

    let client = TcpClient::builder().tls(Arc::new(client)).connect(("localhost", port)).await?;
    println!("{}", client.request("hello").content("world").await?.ok()?.text());
    client.close().await;
    handle.shutdown();
    serving.await??;
    Ok(())
}

type Certified = rcgen::CertifiedKey<rcgen::KeyPair>;

fn certificate(name: &str) -> anyhow::Result<Certified> {
    Ok(rcgen::generate_simple_self_signed(vec![name.to_owned()])?)
}

fn key(certified: &Certified) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::try_from(certified.signing_key.serialize_der()).map_err(anyhow::Error::msg)
}

fn trusting(certified: &Certified) -> anyhow::Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone())?;
    Ok(Arc::new(roots))
}
