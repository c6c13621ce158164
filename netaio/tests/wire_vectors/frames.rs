#![cfg(feature = "hmac")]

use std::time::Duration;

use bytes::Bytes;
use netaio::{
    App, MessageType, TcpServer, UdpNode,
    handler::extract::{Content, Uri},
    net::{client::TcpClient, memory},
    plugin::{AuthPlugin, Direction, Environment, HmacAuth, Layer, PluginContext, Proof, System},
    wire::{AuthFields, AuthLimits, Body, ERROR_URI, Frame, Message, TypeSet},
};
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::UdpSocket,
    time::timeout,
};

use super::support::{bytes, cases, name, say};

const SECRET: &str = "test";

/// What a case is answered with.
struct Reply {
    message_type: MessageType,
    fields: Vec<String>,
    uri: Vec<u8>,
    content: Vec<u8>,
}

impl Reply {
    fn read(frame: &Frame) -> Self {
        let fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
        let body = Body::decode(frame.clone().into_body()).unwrap();
        let message_type = frame.header.message_type(&TypeSet::BASE).unwrap();
        assert!(frame.checksum_matches());
        if !fields.is_empty() {
            let context = PluginContext::new(&System, message_type, Direction::Incoming);
            assert_eq!(
                HmacAuth::new(SECRET).check(&fields, &body, &context),
                Ok(Proof::anonymous())
            );
        }
        let mut names: Vec<_> = fields.iter().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        Self { message_type, fields: names, uri: body.uri().into(), content: body.content().into() }
    }
}

fn outer(kind: &str) -> Layer {
    match kind {
        "plain" => Layer::new(),
        "hmac" => Layer::new().auth(HmacAuth::new(SECRET)),
        other => panic!("unknown server {other}"),
    }
}

/// A message that a server in order answers.
fn probe(kind: &str) -> Bytes {
    let mut message = Message::new(MessageType::RequestUri, "probe", "probe").unwrap();
    if kind == "hmac" {
        let context = PluginContext::new(&System, MessageType::RequestUri, Direction::Outgoing);
        let body = message.body().clone();
        HmacAuth::new(SECRET).make(message.auth_fields_mut(), &body, &context).unwrap();
    }
    message.encode().unwrap()
}

/// A clock that shows when the frames were recorded: they are old, and would be refused for it.
#[derive(Debug)]
struct Recorded;

impl Environment for Recorded {
    fn unix_time(&self) -> u64 {
        0x6774_8580
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        System.fill_random(bytes);
    }
}

/// The recorded handlers.
fn app() -> App {
    let app = App::empty();
    app.on(MessageType::RequestUri, |content: Content| {
        Bytes::copy_from_slice(&content[..content.len().min(64)])
    });
    app.on(MessageType::DeleteUri, |_: Uri| "deleted");
    app
}

/// Sends bytes to a server of the recorded kind and reads all that it answers.
async fn answers(kind: &str, sent: &[u8]) -> Bytes {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app())
        .layer(outer(kind))
        .environment(Recorded)
        .listen(listener)
        .unwrap();
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let (mut reader, mut writer) = tokio::io::split(connector.connect().await.unwrap());
    let mut answer = Vec::new();
    let write = async {
        // A server that has closed takes no more.
        let _ = writer.write_all(sent).await;
        let _ = writer.shutdown().await;
    };
    let (_, read) = tokio::join!(write, reader.read_to_end(&mut answer));
    read.unwrap();
    serving.abort();
    answer.into()
}

/// Rules: an error that the original sends without a uri may name the request's (14.28); the one
/// about a checksum is never signed (14.29); where a case is marked safe, a server that does not
/// close answers AUTH_ERROR without layers.
#[tokio::test]
async fn wire_vectors_frames_tcp_server() {
    let (mut safe, mut uris, mut unsigned) = (0, 0, 0);
    for case in cases("frames", "tcp_server") {
        let kind = case["server"].as_str().unwrap();
        let whole = !case["usable_after"].is_null();
        let mut sent = bytes(&case["send"]);
        if whole {
            sent.extend(probe(kind));
        }
        let answered = timeout(Duration::from_secs(20), answers(kind, &sent)).await;
        let mut answered = answered.unwrap_or_else(|_| panic!("{}: no end", name(&case)));
        let mut replies = Vec::new();
        while let Some(frame) = Frame::decode(&mut answered) {
            replies.push(Reply::read(&frame));
        }
        assert!(answered.is_empty(), "{}: a frame is cut", name(&case));
        let stays = replies.pop_if(|reply| reply.uri == b"probe").is_some();
        if case.get("safe").is_some() && stays {
            safe += 1;
            for reply in &replies {
                assert_eq!(reply.message_type, MessageType::AuthError, "{}", name(&case));
                assert!(reply.fields.is_empty(), "{}", name(&case));
            }
            continue;
        }
        assert_eq!(stays, case["usable_after"].as_bool().unwrap_or(false), "{}", name(&case));
        let recorded = case["replies"].as_array().unwrap();
        assert_eq!(replies.len(), recorded.len(), "{}", name(&case));
        for (reply, recorded) in replies.iter().zip(recorded) {
            uris += check_reply(&case, reply, recorded);
            let fields: Vec<_> = recorded["auth_fields"].as_array().unwrap().iter().collect();
            if reply.content == b"invalid message" {
                assert!(reply.fields.is_empty(), "{}", name(&case));
                unsigned += usize::from(!fields.is_empty());
            } else {
                assert_eq!(reply.fields.iter().collect::<Vec<_>>(), fields, "{}", name(&case));
            }
        }
    }
    say(&format!(
        "wire_vectors: frames.tcp_server: {safe} answered where the original closes, \
         {uris} errors with the request's uri, {unsigned} unsigned"
    ));
}

/// Rules: an error that the original sends without a uri may name the request's (14.28); a datagram
/// that is shorter than it declares gets no answer (U4); where a case is marked safe, there is none,
/// or AUTH_ERROR without layers.
#[tokio::test]
async fn wire_vectors_frames_udp_node() {
    let (mut safe, mut uris, mut short) = (0, 0, 0);
    for case in cases("frames", "udp_node") {
        let kind = case["node"].as_str().unwrap();
        // A node of its own for each, so that none meets the limits for strangers.
        let node = UdpNode::builder(app())
            .layer(outer(kind))
            .environment(Recorded)
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let node = node.spawn();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sent = bytes(&case["send"]);
        socket.send_to(&sent, node.local_addr()).await.unwrap();
        socket.send_to(&probe(kind), node.local_addr()).await.unwrap();
        let mut replies = Vec::new();
        loop {
            let mut datagram = vec![0; 65_536];
            let received = timeout(Duration::from_secs(20), socket.recv(&mut datagram)).await;
            datagram
                .truncate(received.unwrap_or_else(|_| panic!("{}: no end", name(&case))).unwrap());
            let reply = Reply::read(&Frame::from_datagram(datagram.into()).unwrap());
            if reply.uri == b"probe" {
                break;
            }
            replies.push(reply);
        }
        if case.get("safe").is_some() {
            safe += 1;
            for reply in &replies {
                assert_eq!(reply.message_type, MessageType::AuthError, "{}", name(&case));
                assert!(reply.fields.is_empty(), "{}", name(&case));
            }
            continue;
        }
        let recorded = case["replies"].as_array().unwrap();
        if Frame::needed(&sent) > sent.len() {
            short += recorded.len();
            assert!(replies.is_empty(), "{}", name(&case));
            continue;
        }
        assert_eq!(replies.len(), recorded.len(), "{}", name(&case));
        for (reply, recorded) in replies.iter().zip(recorded) {
            uris += check_reply(&case, reply, recorded);
            let fields: Vec<_> = recorded["auth_fields"].as_array().unwrap().iter().collect();
            assert_eq!(reply.fields.iter().collect::<Vec<_>>(), fields, "{}", name(&case));
        }
    }
    say(&format!(
        "wire_vectors: frames.udp_node: {safe} that should not be answered, {uris} errors with the \
         request's uri, {short} cut datagrams without an answer"
    ));
}

/// Compares type, content and uri; returns 1 for an error that names the request's uri where the
/// original's names none.
fn check_reply(case: &Json, reply: &Reply, recorded: &Json) -> usize {
    let code = recorded["type"].as_u64().unwrap();
    assert_eq!(u64::from(reply.message_type.code()), code, "{}", name(case));
    assert_eq!(reply.content, bytes(&recorded["content"]), "{}", name(case));
    let uri = bytes(&recorded["uri"]);
    if reply.uri == uri {
        return 0;
    }
    let nameless = uri.is_empty() || uri == ERROR_URI;
    assert!(nameless && reply.message_type.is_failure(), "{}", name(case));
    1
}

/// Rule: where the original raises, and reads on out of step, ours skips the frame.
#[tokio::test]
async fn wire_vectors_frames_tcp_client() {
    let mut skipped = 0;
    for case in cases("frames", "tcp_client") {
        let (near, mut far) = duplex(256 * 1024);
        let client = TcpClient::builder().connect_stream(near);
        far.write_all(&[bytes(&case["receive"]), bytes(&case["then"])].concat()).await.unwrap();
        far.shutdown().await.unwrap();
        let mut received = Vec::new();
        while let Ok(message) =
            timeout(Duration::from_secs(20), client.receive()).await.expect("an end")
        {
            received.push((u64::from(message.message_type().code()), message.uri().to_vec()));
        }
        let results = case["python_results"].as_array().unwrap();
        skipped += usize::from(results[0].is_string());
        let taken = results.iter().filter(|result| result.is_object());
        let mut expected: Vec<_> =
            taken.map(|result| (result["type"].as_u64().unwrap(), bytes(&result["uri"]))).collect();
        let after = (1, b"after".to_vec());
        if expected.last() != Some(&after) {
            expected.push(after);
        }
        assert_eq!(received, expected, "{}", name(&case));
        drop(client);
        let mut sent = Vec::new();
        far.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent.len() as u64, number(&case["bytes_sent_by_client"]), "{}", name(&case));
    }
    say(&format!("wire_vectors: frames.tcp_client: {skipped} skipped where the original raises"));
}

fn number(json: &Json) -> u64 {
    json.as_u64().unwrap_or(0)
}
