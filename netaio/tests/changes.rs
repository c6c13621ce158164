//! Handlers that are added and removed while messages are handled count from the next message on,
//! also when that came with the others.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use netaio::{
    App,
    net::memory,
    prelude::*,
    wire::{Body, Frame, Message},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UdpSocket,
    time::timeout,
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(120), future).await.expect("in time")
}

/// An app whose handlers add and remove others.
fn changing() -> App {
    let app = App::empty();
    let (adds, removes) = (app.clone(), app.clone());
    let added = (MessageType::RequestUri, "added");
    app.on((MessageType::RequestUri, "add"), move || adds.on(added, || "here"));
    app.on((MessageType::RequestUri, "remove"), move || {
        removes.remove(added);
    });
    app
}

/// A request for `added` before and after each change.
const REQUESTS: [&str; 8] = ["added", "add", "added", "added", "remove", "added", "add", "added"];
/// Whether it is there.
const EXPECTED: [bool; 5] = [false, true, true, false, true];

fn request(uri: &str) -> BytesMut {
    let (message, mut bytes) =
        (Message::new(MessageType::RequestUri, uri, "").unwrap(), BytesMut::new());
    message.encode_into(&mut bytes).unwrap();
    bytes
}

/// Returns what an answer says, if it is about the handler that comes and goes.
fn says(answer: Frame) -> Option<bool> {
    let body = Body::decode(answer.into_body()).unwrap();
    (body.uri() == b"added").then(|| body.content() == b"here")
}

#[tokio::test]
async fn the_next_message_of_a_batch_meets_the_handlers_as_they_are_then() {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(changing()).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let mut stream = within(connector.connect()).await.unwrap();
    // In one piece, so that it is read as one.
    within(stream.write_all(&REQUESTS.map(request).concat())).await.unwrap();
    within(stream.shutdown()).await.unwrap();
    let mut answers = Vec::new();
    within(stream.read_to_end(&mut answers)).await.unwrap();
    let mut answers = answers.into();
    let answers = std::iter::from_fn(|| Frame::decode(&mut answers));
    assert_eq!(answers.filter_map(says).collect::<Vec<_>>(), EXPECTED);
}

#[tokio::test]
async fn the_next_datagram_of_a_batch_meets_the_handlers_as_they_are_then() {
    let node = UdpNode::builder(changing()).bind("127.0.0.1:0").await.unwrap().spawn();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    within(socket.writable()).await.unwrap();
    // The node's task does not run in between: it finds them all there.
    for uri in REQUESTS {
        socket.try_send_to(&request(uri), node.local_addr()).unwrap();
    }
    let (mut answers, mut datagram) = (Vec::new(), [0; 1024]);
    for _ in REQUESTS {
        let length = within(socket.recv(&mut datagram)).await.unwrap();
        let answer = Bytes::copy_from_slice(&datagram[..length]);
        answers.extend(says(Frame::from_datagram(answer).unwrap()));
    }
    assert_eq!(answers, EXPECTED);
}
