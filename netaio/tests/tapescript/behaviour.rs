//! What the plugin promises, and what attackers try against it.

use std::time::Duration;

use netaio::{
    App, TcpServer,
    net::memory,
    plugin::{
        AuthError, AuthFailure, AuthPlugin, Direction, Layer, PeerView, PluginContext, System,
        TapescriptAuth,
    },
    prelude::*,
    tapescript::{Script, SigFlags, crypto, tools},
    wire::{
        AuthFields, Body,
        packify::{Value, encode},
    },
};
use tokio::time::timeout;

const SEED: [u8; 32] = [7; 32];
const OTHER: [u8; 32] = [8; 32];

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn lock(seed: &[u8; 32]) -> Script {
    tools::single_sig_lock(&crypto::public_key(seed), SigFlags::NONE)
}

fn auth() -> TapescriptAuth {
    TapescriptAuth::new(&SEED, lock(&SEED))
}

fn context(direction: Direction) -> PluginContext<'static> {
    PluginContext::new(&System, MessageType::CreateUri, direction)
}

fn made(auth: &TapescriptAuth, body: &Body) -> AuthFields {
    let mut fields = AuthFields::new();
    auth.make(&mut fields, body, &context(Direction::Outgoing)).unwrap();
    fields
}

fn checked(auth: &TapescriptAuth, fields: &AuthFields, body: &Body) -> Result<(), AuthFailure> {
    auth.check(fields, body, &context(Direction::Incoming)).map(drop)
}

#[tokio::test]
async fn a_server_answers_whoever_opens_its_lock_and_says_which() {
    let app = App::empty();
    app.on(MessageType::RequestUri, |verified: Verified| {
        let outer = verified.outer().unwrap();
        assert_eq!(outer.signer(), Some(lock(&SEED).as_bytes()));
        outer.auth().unwrap().to_owned()
    });
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).layer(Layer::new().auth(auth())).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let stranger = TapescriptAuth::new(&OTHER, lock(&SEED));
    for (auth, kind) in [(auth(), MessageType::RespondUri), (stranger, MessageType::AuthError)] {
        let stream = within(connector.connect()).await.unwrap();
        let client = TcpClient::builder().layer(Layer::new().auth(auth)).connect_stream(stream);
        // An AUTH_ERROR is unsigned, as all of them: the call gives it as it is.
        let answer = within(client.request("u")).await;
        assert_eq!(answer.unwrap().message_type(), kind);
    }
}

/// Row A4 of the threat table.
#[test]
fn a04_no_bytes_move_between_body_and_nonce() {
    let auth = auth();
    let body = Body::new("u", "content").unwrap();
    let fields = made(&auth, &body);
    assert_eq!(checked(&auth, &fields, &body), Ok(()));
    let nonce = fields.get("nonce").unwrap().bytes().unwrap();
    for moved in 1..=7 {
        let (kept, end) = b"content".split_at(7 - moved);
        let mut longer = fields.clone();
        longer.set("nonce", &[end, nonce].concat());
        let shorter = Body::new("u", kept).unwrap();
        let refused = Err(AuthFailure::Malformed("nonce".into()));
        assert_eq!(checked(&auth, &longer, &shorter), refused);
    }
}

/// Row A15 of the threat table, and number 8 of the audit.
#[test]
fn a15_no_peer_chooses_its_lock() {
    let data = |lock: &[u8]| {
        encode(&Value::Dict(vec![("lock".into(), Value::Bytes(lock.to_vec().into()))])).unwrap()
    };
    let body = Body::new("u", "content").unwrap();
    let as_peer = |auth: &TapescriptAuth, witness: &[u8], data: &[u8]| {
        let mut fields = made(&TapescriptAuth::new(&OTHER, lock(&OTHER)), &body);
        if !witness.is_empty() {
            fields.set("witness", witness);
        }
        let peer = PeerView { id: b"peer", data };
        auth.check(&fields, &body, &context(Direction::Incoming).with_peer(peer)).is_ok()
    };
    let known = auth().peer_locks(|peer, own| peer.id == b"peer" && own == lock(&OTHER).as_bytes());
    // By default a peer's lock is nothing; it counts only where the application knows it.
    assert!(!as_peer(&auth(), &[], &data(lock(&OTHER).as_bytes())));
    assert!(as_peer(&known, &[], &data(lock(&OTHER).as_bytes())));
    // Locks that open for everybody.
    for open in [&[][..], &[0x01], &[0x1d]] {
        assert!(!as_peer(&auth(), &[0x01], &data(open)));
        assert!(!as_peer(&known, &[0x01], &data(open)));
    }
    assert!(!as_peer(&auth().peer_locks(|_, _| true), &[0x01], &data(&[])));
}

#[test]
fn what_is_too_large_to_sign_is_a_typed_error() {
    let auth = auth();
    let largest = Body::new("u", vec![1; 1001]).unwrap();
    assert_eq!(checked(&auth, &made(&auth, &largest), &largest), Ok(()));
    let larger = Body::new("u", vec![1; 1002]).unwrap();
    let result = auth.make(&mut AuthFields::new(), &larger, &context(Direction::Outgoing));
    assert_eq!(result, Err(AuthError::TooLarge { length: 1025, limit: 1024 }));
}

#[test]
fn a_witness_that_never_ends_is_stopped() {
    let auth = auth();
    let body = Body::new("u", "content").unwrap();
    let mut fields = made(&auth, &body);
    // Loops in loops, each of 128 rounds, around a push and a pop.
    let body_of = |inner: Vec<u8>| [&[0x45, 0, inner.len() as u8], &inner[..]].concat();
    let nested = (0..4).fold(vec![0x1d, 0x06], |inner, _| body_of(inner));
    fields.set("witness", &[&[0x01], &nested[..]].concat());
    let failure = checked(&auth, &fields, &body).unwrap_err().to_string();
    assert!(failure.contains("limit") || failure.contains("budget"), "{failure}");
}

#[test]
fn a_message_is_known_again_however_its_witness_is_written() {
    let auth = auth();
    let body = Body::new("u", "content").unwrap();
    let fields = made(&auth, &body);
    let mut rewritten = fields.clone();
    let witness = fields.get("witness").unwrap().bytes().unwrap();
    // A push and a pop before it change nothing of what is signed.
    rewritten.set("witness", &[&[0x01, 0x06], witness].concat());
    assert_eq!(checked(&auth, &rewritten, &body), Ok(()));
    let fingerprint = auth.fingerprint(&fields, &body);
    assert!(fingerprint.is_some());
    assert_eq!(auth.fingerprint(&rewritten, &body), fingerprint);
    assert_ne!(auth.fingerprint(&made(&auth, &body), &body), fingerprint);
}

#[test]
fn no_seed_is_shown() {
    let shown = format!("{:?}", auth());
    assert!(!shown.contains("07, 07, 07") && !shown.contains("7, 7, 7"), "{shown}");
    assert!(shown.contains("TapescriptAuth"), "{shown}");
}
