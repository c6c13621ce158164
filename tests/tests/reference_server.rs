//! The server that other programs are run against does what its documentation says.

use netaio::{
    App, MessageType as T,
    plugin::Layer,
    prelude::*,
    tapescript::{SigFlags, crypto, tools},
};
use netaio_tests::{Process, example, within};

fn secrets() -> Layer {
    let auth = HmacAuth::new("a secret of sixteen");
    Layer::new().auth(auth).cipher(Sha256StreamCipher::new("a key of some length"))
}

const FLAGS: [&str; 6] = [
    "--secret",
    "a secret of sixteen",
    "--key",
    "a key of some length",
    "--inner-secret",
    "the inner secret",
];

async fn start(flags: &[&str]) -> (Process, u16) {
    let flags = ["--port", "0"].iter().chain(flags);
    let mut server = Process::start(&example("reference_server"), flags);
    let port = server.port().await;
    (server, port)
}

/// What each call is answered.
const ANSWERS: [(T, &str, T, &str); 8] = [
    (T::RequestUri, "any", T::RespondUri, "content"),
    (T::RequestUri, "boom", T::Error, "internal error"),
    (T::RequestUri, "slow", T::RespondUri, "content"),
    (T::CreateUri, "any", T::Ok, "content"),
    (T::UpdateUri, "any", T::Ok, "content"),
    (T::DeleteUri, "any", T::Ok, "content"),
    (T::SubscribeUri, "news", T::ConfirmSubscribe, ""),
    (T::UnsubscribeUri, "news", T::ConfirmUnsubscribe, ""),
];

#[tokio::test]
async fn it_answers_over_tcp() {
    for (flags, layer) in [(&FLAGS[..], secrets()), (&[], Layer::new())] {
        let (mut server, port) = start(flags).await;
        let client = TcpClient::builder().layer(layer.clone());
        let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
        for (kind, uri, answer, content) in ANSWERS {
            let response = within(client.call(kind, uri).content("content")).await.unwrap();
            assert_eq!((response.message_type(), &*response.text()), (answer, content), "{uri}");
        }
        let mut news = within(client.subscribe("news")).await.unwrap();
        let published = within(client.call(T::PublishUri, "news").content("one")).await.unwrap();
        assert_eq!((published.message_type(), &*published.text()), (T::Ok, "one"));
        assert_eq!(within(news.next()).await.unwrap().content(), b"one");
        let stranger = within(client.delete("guarded")).await.unwrap();
        let guarded = !layer.is_empty();
        assert_eq!(stranger.message_type(), if guarded { T::AuthError } else { T::Ok });
        let friend = client.with_auth(HmacAuth::new("the inner secret").field("hmac2"));
        if guarded {
            assert_eq!(within(friend.delete("guarded")).await.unwrap().message_type(), T::Ok);
        }
        assert!(server.terminate().await);
    }
}

#[tokio::test]
async fn it_answers_over_udp() {
    let flags: Vec<_> = FLAGS.into_iter().chain(["--udp"]).collect();
    let (mut server, port) = start(&flags).await;
    let node = UdpNode::builder(App::empty()).layer(secrets());
    let node = within(node.bind("127.0.0.1:0")).await.unwrap().spawn();
    let to = ([127, 0, 0, 1], port).into();
    for (kind, uri, answer, content) in ANSWERS {
        let response = within(node.call(to, kind, uri).content("content")).await.unwrap();
        assert_eq!((response.message_type(), &*response.text()), (answer, content), "{uri}");
    }
    assert!(server.terminate().await);
}

#[tokio::test]
async fn failed_auth_is_answered_or_not_and_peers_are_known_or_not() {
    use netaio::peer::PeerManagement;
    let limit = std::time::Duration::from_millis(300);
    for (flag, answered) in [(None, true), (Some("--drop-auth-errors"), false)] {
        let flags: Vec<_> = FLAGS.into_iter().chain(flag).collect();
        let (_server, port) = start(&flags).await;
        let client = within(TcpClient::builder().connect(("127.0.0.1", port))).await.unwrap();
        let answer = within(client.request("any").timeout(limit)).await;
        assert_eq!(answer.is_ok(), answered, "{answer:?}");
    }
    let (_server, port) = start(&[]).await;
    let client = TcpClient::builder().build();
    let mut events = client.peers().events();
    client.peers().manage(PeerManagement::new());
    let client = within(client.connect_to(("127.0.0.1", port))).await.unwrap();
    within(events.next()).await.unwrap();
    let [peer] = &client.peers().all()[..] else { panic!("one peer") };
    for key in ["pubkey", "vkey"] {
        assert_eq!(peer.get(key).unwrap().as_bytes().unwrap().len(), 32, "{key}");
    }
}

#[tokio::test]
async fn it_asks_for_a_witness_that_opens_its_lock() {
    let key = crypto::public_key(&[0; 32]);
    let lock = tools::single_sig_lock(&key, SigFlags::NONE);
    let hex: String = lock.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let (mut server, port) = start(&["--tapescript-lock", &hex]).await;
    for (seed, answer) in [([0; 32], T::RespondUri), ([1; 32], T::AuthError)] {
        let auth = TapescriptAuth::new(&seed, lock.clone());
        let client = TcpClient::builder().layer(Layer::new().auth(auth));
        let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
        let response = within(client.request("any").content("content")).await.unwrap();
        assert_eq!(response.message_type(), answer);
    }
    assert!(server.terminate().await);
}
