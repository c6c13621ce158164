//! The program of the front page: it compiles as written, and does what it says.

#![cfg(all(feature = "macros", feature = "hmac"))]

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
    time::Duration,
};

use netaio::prelude::*;

type Store = Arc<Mutex<HashMap<Bytes, Bytes>>>;

/// A small shared store.
#[app(state = Store, auth = [admin])]
struct App;

#[on(CreateUri, auth = admin)]
async fn create(
    uri: Uri,
    State(store): State<Store>,
    content: Content,
) -> Result<&'static str, ReplyError> {
    match store.lock().unwrap().entry(uri.into()) {
        Entry::Occupied(_) => Err(ReplyError::error("cannot overwrite")),
        Entry::Vacant(slot) => {
            slot.insert(content.into());
            Ok("stored")
        }
    }
}

#[on(RequestUri)]
async fn read(uri: Uri, State(store): State<Store>) -> Option<Bytes> {
    store.lock().unwrap().get(&uri[..]).cloned()
}

#[on(RequestUri, uri = "echo")]
async fn echo(content: Content) -> Content {
    content
}

#[on(SubscribeUri)]
async fn subscribe(uri: Uri, peer: Connection) {
    peer.subscribe(uri)
}

#[on(PublishUri)]
fn publish(uri: Uri, endpoint: Endpoint, content: Content) -> Result<(), ReplyError> {
    endpoint.notify(uri, content)?;
    Ok(())
}

#[once(RequestUri, uri = "pair")]
async fn pair(from: RemoteAddr) -> String {
    format!("hello {from}")
}

async fn serve() -> (TcpClient, netaio::net::ServerHandle) {
    let app = App::builder()
        .state(Store::default())
        .bind_auth(App::admin, HmacAuth::new("adminpassword").field("camh"))
        .build()
        .unwrap();
    let server =
        TcpServer::builder(app).auth(HmacAuth::new("test")).bind("127.0.0.1:0").await.unwrap();
    let (addr, handle) = (server.local_addr().unwrap(), server.handle());
    tokio::spawn(server.run());
    let client = TcpClient::builder().auth(HmacAuth::new("test")).connect(addr).await.unwrap();
    (client, handle)
}

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("in time")
}

#[tokio::test]
async fn what_is_created_can_be_read() {
    let (client, _server) = within(serve()).await;
    let admin = client.with_auth(HmacAuth::new("adminpassword").field("camh"));
    within(admin.create("test1", "hello")).await.unwrap().ok().unwrap();
    assert_eq!(within(client.request("test1")).await.unwrap().content(), "hello");

    let again = within(admin.create("test1", "other")).await.unwrap();
    assert_eq!(again.message_type(), MessageType::Error);
    assert_eq!((again.uri(), &again.content()[..]), (&b"test1"[..], &b"cannot overwrite"[..]));
    assert!(again.is_verified());

    let nothing = within(client.request("nothing")).await.unwrap();
    assert_eq!(nothing.message_type(), MessageType::NotFound);
}

#[tokio::test]
async fn an_inner_layer_guards_its_handler() {
    let (client, server) = within(serve()).await;
    let refused = within(client.create("test1", "hello")).await.unwrap();
    assert_eq!(refused.message_type(), MessageType::AuthError);
    assert_eq!(refused.uri(), b"test1");

    let mallory = client.with_auth(HmacAuth::new("guess").field("camh"));
    let refused = within(mallory.create("test1", "hello")).await.unwrap();
    assert_eq!(refused.message_type(), MessageType::AuthError);
    assert!(!refused.is_verified(), "the server does not sign with the secret that was missing");

    let read = within(client.request("test1")).await.unwrap();
    assert_eq!(read.message_type(), MessageType::NotFound, "nothing was stored");
    assert_eq!(server.counters().auth_failures(), 2);
}

#[tokio::test]
async fn a_one_time_handler_answers_once() {
    let (client, _server) = within(serve()).await;
    let first = within(client.request("pair")).await.unwrap().ok().unwrap();
    assert!(first.text().starts_with("hello 127.0.0.1:"));
    assert!(within(client.request("pair")).await.unwrap().ok().is_err());
}

#[tokio::test]
async fn subscribers_are_notified_before_the_publisher_is_answered() {
    let (client, server) = within(serve()).await;
    let mut news = within(client.subscribe("news")).await.unwrap();
    assert_eq!(server.endpoint().subscribers("news"), 1);
    within(client.publish("news", "it rains")).await.unwrap().ok().unwrap();
    let message = within(news.next()).await.unwrap();
    assert_eq!((message.uri(), message.content()), (&b"news"[..], &b"it rains"[..]));
}

#[tokio::test]
async fn any_number_of_calls_run_at_once_on_one_connection() {
    let (client, _server) = within(serve()).await;
    let calls: Vec<_> = (0..64)
        .map(|number| {
            tokio::spawn(client.request("echo").content(number.to_string()).into_future())
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let response = within(call).await.unwrap().unwrap();
        assert_eq!(response.content(), &number.to_string());
    }
}

#[tokio::test]
async fn a_stopped_server_ends_waiting_calls_at_once() {
    let (client, server) = within(serve()).await;
    server.shutdown();
    let error = within(async {
        loop {
            if let Err(error) = client.request("echo").await {
                break error;
            }
        }
    })
    .await;
    assert!(error.is_closed(), "{error}");
}
