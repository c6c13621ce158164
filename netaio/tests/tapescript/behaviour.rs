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
    tapescript::{Cache, Machine, Script, SigFlags, crypto, tools},
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

/// Returns the failure of a message with this witness.
fn failure_of(witness: &[u8]) -> AuthFailure {
    let auth = auth();
    let body = Body::new("u", "content").unwrap();
    let mut fields = made(&auth, &body);
    fields.set("witness", witness);
    checked(&auth, &fields, &body).unwrap_err()
}

/// Three loops in each other, each of 100 rounds, and so on in 11 bytes more each.
fn endless() -> Vec<u8> {
    let hex = "025b450029025b45001e025b450013025b4500080220060201350f02060201350f02060201350f0206\
               0201350f0206";
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// Row C7 of the threat table: neither by itself nor in a TRY does a witness run for long.
#[tokio::test]
async fn c07_a_witness_that_never_ends_is_stopped_and_counted() {
    let bomb = endless();
    let caught = [&[0x3d, 0, bomb.len() as u8], &bomb[..], &[0, 1, 0x01]].concat();
    for witness in [bomb.clone(), caught] {
        let failure = failure_of(&witness);
        assert!(matches!(failure, AuthFailure::Exhausted(_)), "{failure}");
    }

    let app = App::empty();
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).layer(Layer::new().auth(auth())).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let attacker = auth().witness(move |_, _| Ok(Script::new(bomb.clone())));
    let stream = within(connector.connect()).await.unwrap();
    let client = TcpClient::builder().layer(Layer::new().auth(attacker)).connect_stream(stream);
    let answer = within(client.request("u")).await.unwrap();
    assert_eq!(answer.message_type(), MessageType::AuthError);
    let counters = handle.counters();
    assert_eq!((counters.auth_failures(), counters.checks_stopped()), (1, 1));
}

/// Row C8 of the threat table.
#[test]
fn c08_no_witness_takes_much_memory() {
    // 2^31 random bytes.
    let random = failure_of(&[0x03, 4, 0x7f, 0xff, 0xff, 0xff, 0x2f]).to_string();
    assert!(random.contains("Stack item size too large"), "{random}");
    // An item of 1,000 bytes, 200 times, under one key after the other.
    let item = [&[0x04, 0x03, 0xe8], &[7; 1000][..]].concat();
    let writes = (0..100).flat_map(|key| [&item[..], &[0x1c, 199], &[0x09, 1, key, 200]].concat());
    let failure = failure_of(&writes.collect::<Vec<_>>());
    assert!(matches!(failure, AuthFailure::Exhausted(_)), "{failure}");
}

/// Row C9 of the threat table.
#[test]
fn c09_no_witness_nests_deep() {
    let blocks = (0..20_000_u32).rev().flat_map(|depth| {
        let [.., high, low] = (depth * 3).min(0xffff).to_be_bytes();
        [0x01, 0x2b, high, low]
    });
    let failure = failure_of(&blocks.take(60_000).collect::<Vec<_>>());
    assert!(!matches!(failure, AuthFailure::Mismatch), "{failure}");
    let nested = (0..600).fold(vec![0x01], |inner: Vec<u8>, _| {
        let length = u16::try_from(inner.len()).unwrap().to_be_bytes();
        [&[0x01, 0x2b][..], &length, &inner].concat()
    });
    let failure = failure_of(&nested).to_string();
    assert!(failure.contains("recursion"), "{failure}");
}

/// Row A17 of the threat table: a witness that ends by RETURN ends no block of the lock.
#[test]
fn a17_no_witness_ends_the_lock_early() {
    let key = crypto::public_key(&SEED);
    // A block, then the check of a signature; the reference lets `true, return` end it at the block.
    let holed = [&[0x01, 0x2b, 0, 0][..], &[0x03, 32], &key, &[0x24, 0, 0x01]].concat();
    let witness = [0x01, 0x30];
    assert!(!Machine::new().unlocks(&[&witness[..], &holed], Cache::new()));
    let reference = Machine::new().with_marker_across_scripts(true);
    assert!(reference.unlocks(&[&witness[..], &holed], Cache::new()));
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
