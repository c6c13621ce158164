//! Our client against a server of the Python original.

use netaio::{net::client::RequestError, plugin::Layer, prelude::*};
use netaio_tests::{Process, python, script, within};

async fn server(profile: &str) -> Option<(Process, u16)> {
    let python = python()?;
    let mut server = Process::start(&python, [script("server.py").as_os_str(), profile.as_ref()]);
    let port = server.port().await;
    Some((server, port))
}

async fn readme() -> Option<(Process, TcpClient, TcpClient)> {
    let (server, port) = server("readme").await?;
    let client = TcpClient::builder().auth(HmacAuth::new("test"));
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    let admin = client.with_auth(HmacAuth::new("adminpassword").field("camh"));
    Some((server, client, admin))
}

/// The outer layer of the profiles with a cipher.
fn sealed() -> Layer {
    Layer::new().auth(HmacAuth::new("test")).cipher(Sha256StreamCipher::new("test"))
}

/// The inner layer of the profile `two-layer`.
fn sealed_twice() -> Layer {
    let cipher = Sha256StreamCipher::new("test2").iv_field("iv2").encrypt_uri(false);
    Layer::new().auth(HmacAuth::new("test2").field("hmac2")).cipher(cipher)
}

async fn check(call: netaio::net::client::Call, kind: MessageType, content: &str) {
    let response = within(call).await.unwrap();
    assert_eq!((response.message_type(), &*response.text()), (kind, content));
}

/// Calls what the sample application has; `admin` has its inner layer.
async fn verbs(client: &TcpClient, admin: &TcpClient) {
    check(client.request("echo").content("hi"), MessageType::RespondUri, "hi").await;
    check(client.request("u"), MessageType::NotFound, "not found").await;
    check(admin.create("u", "one"), MessageType::Ok, "stored").await;
    check(admin.create("u", "two"), MessageType::Error, "cannot overwrite").await;
    check(client.request("u"), MessageType::RespondUri, "one").await;
    check(admin.update("u", "two"), MessageType::Ok, "stored").await;
    check(admin.update("v", "two"), MessageType::NotFound, "not found").await;
    check(admin.request("guarded-echo").content("x"), MessageType::RespondUri, "x").await;
    check(admin.delete("u"), MessageType::Ok, "deleted").await;
    check(admin.delete("u"), MessageType::NotFound, "not found").await;
}

#[tokio::test]
async fn every_verb_works_through_both_layers() {
    let Some((_server, client, admin)) = readme().await else { return };
    verbs(&client, &admin).await;
}

#[tokio::test]
async fn every_verb_works_through_ciphers() {
    for (profile, inner) in [("cipher", Layer::new()), ("two-layer", sealed_twice())] {
        let Some((_server, port)) = server(profile).await else { return };
        let client = TcpClient::builder().layer(sealed());
        let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
        verbs(&client, &client.with_layer(inner)).await;
        let content = vec![7; 60_000];
        let response = within(client.request("echo").content(content.clone())).await.unwrap();
        assert_eq!(response.content(), &content);
    }
}

#[tokio::test]
async fn a_plain_server_is_understood_too() {
    let Some((_server, port)) = server("plain").await else { return };
    let client = within(TcpClient::builder().connect(("127.0.0.1", port))).await.unwrap();
    check(client.create("u", "one"), MessageType::Ok, "stored").await;
    check(client.request("u"), MessageType::RespondUri, "one").await;
}

#[tokio::test]
async fn a_wrong_secret_is_an_auth_error_at_once() {
    let Some((_server, port)) = server("readme").await else { return };
    let client = TcpClient::builder().auth(HmacAuth::new("guess"));
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    let response = within(client.request("echo")).await.unwrap();
    assert!(!response.is_verified());
    assert!(matches!(response.ok(), Err(RequestError::Auth(_))));

    let client = TcpClient::builder().auth(HmacAuth::new("test"));
    let client = within(client.connect(("127.0.0.1", port))).await.unwrap();
    let admin = client.with_auth(HmacAuth::new("guess").field("camh"));
    let response = within(admin.create("u", "x")).await.unwrap();
    assert!(matches!(response.ok(), Err(RequestError::Auth(_))));
}

#[tokio::test]
async fn notifications_reach_a_subscription_in_order() {
    let Some((_server, client, _)) = readme().await else { return };
    let mut news = within(client.subscribe("news")).await.unwrap();
    for number in 0..20 {
        check(client.publish("news", number.to_string()), MessageType::Ok, "published").await;
    }
    for number in 0..20 {
        let message = within(news.next()).await.unwrap();
        assert_eq!(message.content(), number.to_string().as_bytes());
    }
    within(news.unsubscribe()).await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once_and_large_contents_get_their_own_answers() {
    let Some((_server, client, _)) = readme().await else { return };
    let calls: Vec<_> = (0..64_u8)
        .map(|number| {
            let content = vec![number; if number % 8 == 0 { 60_000 } else { 10 }];
            (content.clone(), tokio::spawn(client.request("echo").content(content).into_future()))
        })
        .collect();
    for (content, call) in calls {
        assert_eq!(within(call).await.unwrap().unwrap().content(), &content);
    }
}

#[tokio::test]
async fn a_killed_server_ends_waiting_calls_at_once() {
    let Some((mut server, client, _)) = readme().await else { return };
    server.kill().await;
    let error = loop {
        match within(client.request("echo")).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(error.is_closed(), "{error}");
    assert!(!client.is_connected());
}

#[tokio::test]
async fn an_unguarded_call_of_a_guarded_handler_fails_at_once() {
    let Some((_server, client, _)) = readme().await else { return };
    let response = within(client.with_layer(Layer::new()).create("u", "x")).await.unwrap();
    assert_eq!(response.message_type(), MessageType::AuthError);
}
