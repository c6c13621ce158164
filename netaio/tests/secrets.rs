//! No secret shows in what programs print: neither in `Debug`, nor in errors, nor in logs.
//!
//! It is a program of its own, so that no other test decides what is logged.

#![cfg(all(
    feature = "hmac",
    feature = "stream-cipher",
    feature = "asymmetric",
    feature = "hashcash",
    feature = "tapescript"
))]

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use netaio::{
    App, Limits, TcpServer,
    net::{UdpNode, client::RequestError, memory},
    peer::{Peer, PeerManagement},
    plugin::{Binding, Chain, HashcashAuth, HmacAuth, Layer, Sha256StreamCipher, X25519Cipher},
    prelude::*,
    tapescript::{SigFlags, crypto, tools},
};
use sha2::{Digest, Sha256, Sha512};
use tokio::time::timeout;
use tracing::{Event, Metadata, Subscriber, field::Field, span};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

const SECRET: &str = "MARKER:do-not-print-this";
const SEED: [u8; 32] = *b"MARKER:a-seed-that-is-not-shown!";

/// Everything by which a secret could be recognised: itself and what is made of it, as text, in
/// hexadecimal and as a list of numbers.
fn forms() -> Vec<String> {
    let once = Sha256::digest(SECRET);
    let twice = Sha256::digest(once);
    let scalar = Sha512::digest(SEED);
    let secrets: [&[u8]; 5] = [SECRET.as_bytes(), &once, &twice, &SEED, &scalar[..32]];
    let forms = secrets.iter().flat_map(|bytes| {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        let list = format!("{:?}", &bytes[..8]);
        [
            bytes[..8].escape_ascii().to_string(),
            hex[..16].to_owned(),
            hex[..16].to_uppercase(),
            list.trim_matches(['[', ']']).to_owned(),
        ]
    });
    forms.collect()
}

fn assert_hidden(printed: &str) {
    for form in forms() {
        assert!(!printed.contains(&form), "{form} is in: {printed}");
    }
}

fn outer() -> Layer {
    let auth = Chain::new()
        .then(HashcashAuth::new("app", 4))
        .then(HmacAuth::new(SECRET).binding(Binding::Offer));
    Layer::new().auth(auth).cipher(Sha256StreamCipher::new(SECRET))
}

fn inner() -> Layer {
    let cipher = X25519Cipher::new(&SEED);
    let key = *X25519Cipher::new(&[9; 32]).public_key();
    let auth = Chain::new().then(HmacAuth::new(SECRET).field("hmac2")).then(locked());
    Layer::new().auth(auth).cipher(cipher.peer_key(&key).unwrap())
}

fn locked() -> TapescriptAuth {
    let lock = tools::single_sig_lock(&crypto::public_key(&SEED), SigFlags::NONE);
    TapescriptAuth::new(&SEED, lock)
}

async fn check_debug_output() {
    let app = App::empty();
    app.on_with(MessageType::CreateUri, inner(), |_: Uri| "done");
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app.clone()).layer(outer()).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let stream = within(connector.connect()).await.unwrap();
    let client = TcpClient::builder().layer(outer()).connect_stream(stream).with_layer(inner());
    let node = UdpNode::builder(app.clone()).layer(outer());
    let node_text = format!("{node:?}");
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let management = PeerManagement::new().auth(HmacAuth::new(SECRET));
    let printed: [&dyn Debug; 18] = [
        &locked(),
        &HmacAuth::new(SECRET),
        &Sha256StreamCipher::new(SECRET),
        &X25519Cipher::new(&SEED),
        &outer(),
        &inner(),
        &app,
        &TcpServer::builder(app.clone()).layer(outer()),
        &TcpClient::builder().layer(outer()),
        &client,
        &client.create("u", "x"),
        &handle,
        &handle.endpoint(),
        &node,
        &node_text,
        &node.request(node.local_addr(), "u").auth(HmacAuth::new(SECRET)),
        &management,
        &Limits::default(),
    ];
    for value in printed {
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(text.len() > 3, "{text}");
            assert_hidden(&text);
        }
    }
}

/// Writes down all events and spans, of every level.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl tracing::field::Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn what_is_printed_shows_no_secret() {
    let everything = Everything::default();
    tracing::subscriber::set_global_default(everything.clone()).unwrap();
    check_debug_output().await;
    let app = App::empty();
    app.on(MessageType::RequestUri, |content: Content| content);
    let guard = Layer::new().auth(HmacAuth::new(SECRET).field("hmac2"));
    app.on_with(MessageType::CreateUri, guard.clone(), |_: Uri| "done");
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app.clone()).layer(outer()).manage_peers(PeerManagement::new());
    tokio::spawn(server.listen(listener).unwrap().run_until(std::future::pending()));
    let connect = async |layer| {
        let stream = within(connector.connect()).await.unwrap();
        TcpClient::builder().layer(layer).connect_stream(stream)
    };
    let client = connect(outer()).await;
    client.peers().manage(PeerManagement::new());
    within(client.request("u").content("x")).await.unwrap().ok().unwrap();
    within(client.with_layer(guard).create("u", "x")).await.unwrap().ok().unwrap();
    // A short secret is warned of, wrong ones are refused, a box for nobody is not sealed.
    let stranger = connect(Layer::new().auth(HmacAuth::new(&SECRET[..8]))).await;
    let call = stranger.request("u").timeout(Duration::from_millis(200));
    let mut errors: Vec<RequestError> = vec![within(call).await.unwrap_err()];
    errors.push(within(client.create("u", "x")).await.unwrap().ok().unwrap_err());
    let boxes = X25519Cipher::new(&SEED);
    errors.push(within(client.request("u").cipher(boxes)).await.unwrap_err());
    let node = async || {
        let node = UdpNode::builder(app.clone()).layer(outer()).local_peer(Peer::new("node"));
        within(node.bind("127.0.0.1:0")).await.unwrap().spawn()
    };
    let (node, other) = (node().await, node().await);
    within(node.request(other.local_addr(), "u")).await.unwrap().ok().unwrap();
    for error in errors {
        assert_hidden(&format!("{error:?} {error}"));
    }
    let printed = everything.0.lock().unwrap().clone();
    assert!(printed.contains("auth failed") && printed.contains("secret shorter"), "{printed}");
    assert_hidden(&printed);
    // What is asserted can fail.
    tracing::trace!(secret = SECRET);
    assert!(everything.0.lock().unwrap().contains(&forms()[0]));
}
