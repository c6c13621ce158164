//! The server that tests, benchmarks and load programs run against: public API, default limits.
//!
//! It prints `READY tcp PORT pid PID` once it listens (`udp` with `--udp`), and nothing else on
//! standard output; logs go to standard error. SIGTERM lets requests in progress finish.
//!
//! | message | answer |
//! |---|---|
//! | REQUEST_URI | RESPOND_URI with the same content; the handler of `boom` panics, `slow` takes 1 s |
//! | CREATE_URI, UPDATE_URI, DELETE_URI | OK with the same content; DELETE_URI of `guarded` needs the inner layer |
//! | SUBSCRIBE_URI, UNSUBSCRIBE_URI | their confirmations |
//! | PUBLISH_URI | NOTIFY_URI with the same content to the subscribers, then OK |

use std::{process, thread, time::Duration};

use clap::Parser;
use netaio::{
    AuthFailurePolicy,
    peer::PeerManagement,
    plugin::{Chain, Environment, Layer, Proof, System, check},
    prelude::*,
    tapescript::Script,
};
use netaio_examples::log;
use tokio::runtime;

#[derive(Parser)]
#[command(about = "The server that tests, benchmarks and load programs run against")]
struct Args {
    /// The port to listen at; 0 takes any free one.
    #[arg(long, default_value_t = 8888)]
    port: u16,
    /// The address to listen at.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Answer over UDP instead of TCP.
    #[arg(long)]
    udp: bool,
    /// The secret that every message is signed with.
    #[arg(long)]
    secret: Option<String>,
    /// The key that every message is sealed with, its uri as well.
    #[arg(long)]
    key: Option<String>,
    /// The secret that DELETE_URI of `guarded` is signed with too, in the field `hmac2`.
    #[arg(long)]
    inner_secret: Option<String>,
    /// The lock, in hexadecimal, that every message's witness must open; answers are signed with
    /// the key of a seed of 32 zero bytes.
    #[arg(long, value_parser = script)]
    tapescript_lock: Option<Script>,
    /// Give no answer to messages whose auth fails.
    #[arg(long)]
    drop_auth_errors: bool,
    /// Don't manage peers.
    #[arg(long)]
    no_peers: bool,
}

/// The reference application.
#[app(auth = [inner])]
struct App;

#[on(RequestUri)]
fn read(content: &[u8]) -> &[u8] {
    content
}

#[on(RequestUri, uri = "boom")]
fn boom() {
    panic!("it was asked for");
}

#[on(RequestUri, uri = "slow")]
async fn slow(content: Content) -> Content {
    tokio::time::sleep(Duration::from_secs(1)).await;
    content
}

#[on(CreateUri)]
fn create(content: &[u8]) -> &[u8] {
    content
}

#[on(UpdateUri)]
fn update(content: &[u8]) -> &[u8] {
    content
}

#[on(DeleteUri)]
fn delete(content: &[u8]) -> &[u8] {
    content
}

#[on(DeleteUri, uri = "guarded", auth = inner)]
fn delete_guarded(content: &[u8]) -> &[u8] {
    content
}

#[on(SubscribeUri)]
fn subscribe(uri: Uri, connection: Connection) {
    connection.subscribe(uri);
}

#[on(UnsubscribeUri)]
fn unsubscribe(uri: Uri, connection: Connection) {
    connection.unsubscribe(uri);
}

#[on(PublishUri)]
fn publish(uri: Uri, endpoint: Endpoint, content: &[u8]) -> Result<&[u8], ReplyError> {
    endpoint.notify(uri, content)?;
    Ok(content)
}

fn main() -> anyhow::Result<()> {
    log();
    let args = Args::parse();
    // On a single core there is nobody to share the work with, and sharing has its price.
    let mut runtime = match thread::available_parallelism() {
        Ok(cores) if cores.get() > 1 => runtime::Builder::new_multi_thread(),
        _ => runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let app = App::builder();
    let app = match &args.inner_secret {
        Some(secret) => app.bind_auth(App::inner, HmacAuth::new(secret).field("hmac2")),
        None => app.bind_auth(App::inner, check("none", |_, _, _| Ok(Proof::anonymous()))),
    };
    let app = app.build()?;
    let mut outer = Layer::new();
    let hmac = args.secret.as_ref().map(HmacAuth::new);
    let locked = args.tapescript_lock.map(|lock| TapescriptAuth::new(&[0; 32], lock));
    outer = match (hmac, locked) {
        (Some(hmac), Some(locked)) => outer.auth(Chain::new().then(hmac).then(locked)),
        (Some(hmac), None) => outer.auth(hmac),
        (None, Some(locked)) => outer.auth(locked),
        (None, None) => outer,
    };
    if let Some(key) = &args.key {
        outer = outer.cipher(Sha256StreamCipher::new(key));
    }
    let policy =
        if args.drop_auth_errors { AuthFailurePolicy::Drop } else { AuthFailurePolicy::default() };
    let (peers, me) = ((!args.no_peers).then(PeerManagement::new), local_peer()?);
    let addr = (args.host.as_str(), args.port);
    if args.udp {
        let node = UdpNode::builder(app).layer(outer).on_auth_failure(policy).local_peer(me);
        let node = peers.into_iter().fold(node, |node, peers| node.manage_peers(peers));
        let node = node.bind(addr).await?;
        ready("udp", node.local_addr().port());
        node.run().await?;
    } else {
        let server = TcpServer::builder(app).layer(outer).on_auth_failure(policy).local_peer(me);
        let server = peers.into_iter().fold(server, |server, peers| server.manage_peers(peers));
        let server = server.bind(addr).await?;
        ready("tcp", server.local_addr()?.port());
        server.run().await?;
    }
    Ok(())
}

/// Reads a script in hexadecimal.
fn script(text: &str) -> Result<Script, String> {
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let pair = str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    digits.collect::<Option<_>>().map(Script::new).ok_or_else(|| "not hexadecimal".into())
}

/// Who it says it is: two keys, as nodes of the original with all plugins have them.
fn local_peer() -> anyhow::Result<Peer> {
    let mut seed = [0; 32];
    System.fill_random(&mut seed);
    let cipher = X25519Cipher::new(&seed);
    let peer = Peer::new("reference server").with("pubkey", cipher.public_key().to_vec())?;
    Ok(peer.with("vkey", cipher.verifying_key().to_vec())?)
}

fn ready(network: &str, port: u16) {
    println!("READY {network} {port} pid {}", process::id());
}
