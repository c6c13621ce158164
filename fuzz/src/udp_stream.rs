//! Many datagrams to a node: what the library answers by itself is small and rare, answers get no
//! answer, no handler runs without a credential, and the node lives on.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::BytesMut;
use netaio::{
    App, MessageType, UdpNode,
    handler::{
        Connection,
        extract::{Content, Uri},
    },
    net::UdpHandle,
    peer::{Peer, PeerManagement},
    plugin::{Direction, HmacAuth, Layer, PluginContext, Proof, System, check},
    wire::{AuthFields, Body, encode_frame},
};
use tokio::{net::UdpSocket, time::timeout};

use crate::input::{Input, block_on};

/// The types that answer or notify: nothing may be answered to them.
const RESPONSES: [u8; 13] = [1, 8, 10, 11, 12, 13, 20, 21, 22, 23, 24, 25, 30];
/// How many senders there are, and how many datagrams one input has at most: as many as the
/// system's buffers hold.
const SENDERS: usize = 3;
const MOST: usize = 64;
/// What one source may cause in a second, of what the library answers by itself.
const RATE: u64 = 10;
const SECRET: &str = "a secret that no datagram knows";
/// What the last request asks for.
const END: &[u8] = b"the end";

fn app(called: &Arc<AtomicBool>) -> App {
    let app = App::empty();
    let (flag, later) = (Arc::clone(called), Arc::clone(called));
    app.on(MessageType::RequestUri, move |content: Content| {
        flag.fetch_or(&content[..] != END, Relaxed);
        content
    });
    app.on(MessageType::CreateUri, move |content: Content| {
        let flag = Arc::clone(&later);
        async move {
            flag.store(true, Relaxed);
            content
        }
    });
    app.on(MessageType::SubscribeUri, |uri: Uri, sender: Connection| sender.subscribe(uri));
    app.on(MessageType::UnsubscribeUri, |uri: Uri, sender: Connection| sender.unsubscribe(uri));
    let guard = Layer::new().auth(HmacAuth::new("an inner secret that nobody has").field("hmac2"));
    app.on_with(MessageType::DeleteUri, guard, || -> () { panic!("nobody has the secret") });
    app
}

fn frame(code: u8, layer: &Layer, uri: &[u8], content: &[u8]) -> Vec<u8> {
    let kind = MessageType::from_code(code).unwrap_or(MessageType::RequestUri);
    let context = PluginContext::new(&System, kind, Direction::Outgoing);
    let (mut fields, mut out) = (AuthFields::new(), BytesMut::new());
    let body = Body::new(uri, content).expect("it is short");
    let body = layer.seal(&mut fields, body, &context).expect("it can be sealed");
    encode_frame(code, &fields, body.encoded(), &mut out).expect("it is short");
    out.to_vec()
}

/// Reads datagrams, each with the number of its sender: as they are, or with a checksum that fits.
fn datagrams(mut input: Input<'_>) -> Vec<(usize, Vec<u8>)> {
    let mut datagrams: Vec<(usize, Vec<u8>)> = Vec::new();
    while let (Some(choice), true) = (input.byte(), datagrams.len() < MOST) {
        let bytes = match choice / 64 {
            0 => {
                let length = input.byte().unwrap_or_default();
                input.take(length.into()).to_vec()
            }
            1 => match datagrams.last() {
                Some((_, last)) => last.clone(),
                None => continue,
            },
            _ => {
                let (code, length) = (input.byte().unwrap_or_default(), input.byte());
                let uri: &[u8] = if choice & 32 == 0 { b"netaio" } else { b"u" };
                let content = input.take(length.unwrap_or_default().into());
                frame(code, &Layer::new(), uri, content)
            }
        };
        datagrams.push((usize::from(choice) % SENDERS, bytes));
    }
    datagrams
}

/// Sends the datagrams, waits until all have been handled, and returns what came back to each
/// sender: how many datagrams and bytes.
async fn exchange(
    node: SocketAddr,
    layer: &Layer,
    datagrams: &[(usize, Vec<u8>)],
) -> [(u64, usize); SENDERS] {
    let mut senders = Vec::new();
    for _ in 0..=SENDERS {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        socket.connect(node).await.expect("it is bound");
        senders.push(socket);
    }
    for (sender, bytes) in datagrams {
        senders[*sender].send(bytes).await.expect("the node is there");
    }
    let last = senders.pop().expect("one more than there are senders");
    last.send(&frame(0, layer, b"u", END)).await.expect("the node is there");
    let mut answer = vec![0; 65_536];
    let answered = timeout(Duration::from_secs(10), last.recv(&mut answer)).await;
    answered.expect("the node lives on").expect("the node is there");
    let mut seen = [(0, 0); SENDERS];
    for (sender, seen) in senders.iter().zip(&mut seen) {
        while let Ok(length) = sender.try_recv(&mut answer) {
            // The node makes itself known to its peers, which answers nothing.
            if answer[0] != MessageType::AdvertisePeer.code() {
                *seen = (seen.0 + 1, seen.1 + length);
            }
        }
    }
    seen
}

fn check_peers(node: &UdpHandle) {
    let peers = node.peers().all();
    assert!(peers.len() <= 16 * SENDERS, "{} peers of {SENDERS} addresses", peers.len());
    for peer in &peers {
        assert!(
            (1..=8).contains(&peer.addrs().len()) && peer.id().len() + peer.data().len() <= 4_096
        );
        assert_eq!(node.peers().get(peer.id()).as_ref(), Some(peer));
        for addr in peer.addrs() {
            let newest = node.peers().at(addr.clone()).expect("somebody is there");
            assert!(newest.addrs().contains(addr));
        }
    }
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let called = Arc::new(AtomicBool::new(false));
    let none = Layer::new();
    let layer = match choice % 3 {
        0 => Layer::new(),
        1 => Layer::new().auth(HmacAuth::new(SECRET)),
        // So that what comes after authentication is reached.
        _ => Layer::new().auth(check("anybody", |_, _, _| Ok(Proof::anonymous()))),
    };
    let datagrams = datagrams(Input(bytes));
    let local = Peer::new("the node").with_data(vec![7; 64]);
    let node = UdpNode::builder(app(&called)).layer(layer.clone()).local_peer(local);
    let node = node.manage_peers(PeerManagement::new()).no_multicast();
    let start = Instant::now();
    let seen = block_on(async {
        let node = node.bind("127.0.0.1:0").await.expect("a port").spawn();
        let seal = if choice % 3 == 1 { &layer } else { &none };
        let seen = exchange(node.local_addr(), seal, &datagrams).await;
        check_peers(&node);
        node.shutdown();
        seen
    });
    let seconds = start.elapsed().as_secs() + 2;
    for (sender, (answers, length)) in seen.into_iter().enumerate() {
        let sent = || datagrams.iter().filter(|(from, _)| *from == sender).map(|(_, bytes)| bytes);
        let may_be_answered =
            |bytes: &&Vec<u8>| bytes.first().is_some_and(|code| !RESPONSES.contains(code));
        let requests = sent().filter(may_be_answered).count() as u64;
        assert!(answers <= requests, "{answers} answers to {requests} requests");
        // Who has proved something may be told more of the node than it has sent.
        let most = 3 * sent().map(Vec::len).sum::<usize>();
        assert!(choice % 3 == 2 || length <= most, "{length} bytes of answers, {most} at most");
        assert!(choice % 3 != 1 || answers <= RATE * seconds, "{answers} answers to a stranger");
    }
    assert!(choice % 3 != 1 || !called.load(Relaxed), "a handler ran without a credential");
}
