use std::{
    future::IntoFuture,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use netaio::{
    App, MessageType, TcpServer,
    handler::{RemoteAddr, RouteKey},
    net::{Listener, client::TcpClient},
    wire::{Message, helper},
};
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    time::timeout,
};

use super::support::{bytes, cases, name, say};

/// A network whose connections have the addresses that a test gives them.
struct Addressed(mpsc::Receiver<(DuplexStream, RemoteAddr)>);

impl Listener for Addressed {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, RemoteAddr)> {
        match self.0.recv().await {
            Some(accepted) => Ok(accepted),
            None => std::future::pending().await,
        }
    }
}

fn addr(json: &Json) -> SocketAddr {
    let port = u16::try_from(json[1].as_u64().unwrap()).unwrap();
    SocketAddr::new(json[0].as_str().unwrap().parse().unwrap(), port)
}

fn message_type(json: &Json) -> MessageType {
    MessageType::from_code(json.as_u64().unwrap() as u8).unwrap()
}

#[tokio::test]
async fn wire_vectors_dispatch() {
    for case in cases("dispatch", "cases") {
        let run = dispatch(&case);
        timeout(Duration::from_secs(20), run).await.unwrap_or_else(|_| panic!("{}", name(&case)));
    }
}

async fn dispatch(case: &Json) {
    let app = App::empty();
    let called = Arc::new(Mutex::new(Vec::new()));
    for handler in case["handlers"].as_array().unwrap() {
        let or = |key: &str| if handler[key].is_null() { &case[key] } else { &handler[key] };
        let (kind, uri, from) = (message_type(or("type")), bytes(or("uri")), addr(or("addr")));
        let key: RouteKey = match handler["key"].as_str().unwrap() {
            "type" => kind.into(),
            "type+uri" => (kind, uri).into(),
            "type+uri+addr" => (kind, uri, from).into(),
            other => panic!("unknown key {other}"),
        };
        let label = handler["label"].as_str().unwrap().to_owned();
        let called = Arc::clone(&called);
        let call = move || called.lock().unwrap().push(label.clone());
        if handler["once"].as_bool().unwrap() { app.once(key, call) } else { app.on(key, call) }
    }
    let (connect, accept) = mpsc::channel(1);
    let server = TcpServer::builder(app).listen(Addressed(accept)).unwrap();
    let running = tokio::spawn(server.run_until(std::future::pending()));
    for sent in case["messages"].as_array().unwrap() {
        let (mut near, far) = duplex(1024);
        connect.send((far, addr(&sent["from"]).into())).await.unwrap();
        let message = Message::new(message_type(&sent["type"]), bytes(&sent["uri"]), "").unwrap();
        near.write_all(&message.encode().unwrap()).await.unwrap();
        near.shutdown().await.unwrap();
        // The server closes when it has handled all.
        near.read_to_end(&mut Vec::new()).await.unwrap();
        let calls = std::mem::take(&mut *called.lock().unwrap());
        let expected: Vec<_> = sent["called"].as_str().into_iter().collect();
        let ours: Vec<_> = calls.iter().map(String::as_str).collect();
        if expected == ["default"] {
            assert!(ours.is_empty(), "{}", name(case));
        } else {
            assert_eq!(ours, expected, "{}: {sent}", name(case));
        }
    }
    running.abort();
}

/// Rule: what completes a call of the original completes ours; ours ends on NOT_FOUND and
/// NOT_PERMITTED as well, which the original waits out.
#[tokio::test]
async fn wire_vectors_dispatch_client_accepts() {
    let mut more = 0;
    for case in cases("dispatch", "client_accepts") {
        let accepted: Vec<_> =
            case["accepted_reply_types"].as_array().unwrap().iter().map(message_type).collect();
        for &answer in MessageType::BASE {
            let completed = completes(name(&case), answer).await;
            let ours = matches!(answer, MessageType::NotFound | MessageType::NotPermitted);
            more += usize::from(ours && !accepted.contains(&answer));
            let expected = ours || accepted.contains(&answer);
            assert_eq!(completed, expected, "{} answered by {answer}", name(&case));
        }
    }
    say(&format!("wire_vectors: dispatch.client_accepts: {more} that only ours takes"));
}

/// Returns whether an answer of a type completes a call; if not, the ERROR behind it does.
async fn completes(call: &str, answer: MessageType) -> bool {
    let (near, mut far) = duplex(64 * 1024);
    let client = TcpClient::builder().connect_stream(near);
    let call = match call {
        "request" => client.request("u"),
        "create" => client.create("u", ""),
        "update" => client.update("u", ""),
        "delete" => client.delete("u"),
        // The original's request with another message type.
        _ => client.call(MessageType::PublishUri, "u"),
    };
    let server = async {
        // The call waits from the moment in which it is sent.
        far.read_u8().await.unwrap();
        for (answer, text) in [(answer, "first"), (MessageType::Error, "second")] {
            let message = helper::error_with(answer, text, "u").unwrap();
            far.write_all(&message.encode().unwrap()).await.unwrap();
        }
    };
    let both = async { tokio::join!(call.into_future(), server) };
    let (response, ()) = timeout(Duration::from_secs(20), both).await.expect("in time");
    response.unwrap().content() == "first"
}
