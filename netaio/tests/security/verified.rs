//! What handlers learn of the layers that a message has passed.

use netaio::{
    App,
    plugin::{AuthFailure, Binding, HmacAuth, Layer, Proof, Sha256StreamCipher, check},
    prelude::*,
    wire::{AuthFields, Body},
};

use crate::common::{Server, within};

#[app(auth = [admin])]
struct Guarded;

#[on(RequestUri, uri = "who", app = Guarded, auth = admin)]
fn who(verified: Verified) -> String {
    let (outer, inner) = (verified.outer().unwrap(), verified.inner().unwrap());
    assert_eq!((outer.key(), outer.cipher()), (None, Some("sha256-stream")));
    assert_eq!((outer.signer(), inner.cipher()), (None, None));
    let signer = inner.signer().unwrap().escape_ascii();
    format!("{} {} {} {signer}", outer.auth().unwrap(), inner.key().unwrap(), inner.auth().unwrap())
}

/// A plugin that knows its signers by what they say; for a test that is enough.
fn badge(fields: &AuthFields, _: &Body) -> Result<Proof, AuthFailure> {
    let badge = fields.get("badge").and_then(|field| field.bytes());
    badge.map(|badge| Proof::by(badge.to_vec())).ok_or(AuthFailure::Missing("badge".into()))
}

fn outer() -> Layer {
    let auth = HmacAuth::new("a secret of sixteen").binding(Binding::Require);
    Layer::new().auth(auth).cipher(Sha256StreamCipher::new("a key of some length"))
}

#[tokio::test]
async fn a_handler_learns_key_plugin_and_signer() {
    let app = Guarded::builder()
        .bind_auth(Guarded::admin, check("badge", |fields, body, _| badge(fields, body)))
        .build()
        .unwrap();
    let server = Server::new(app, |builder| builder.layer(outer()));
    let client = server.client(outer()).await;
    let mut message = Message::new(MessageType::RequestUri, "who", "").unwrap();
    message.auth_fields_mut().set("badge", b"alice");
    within(client.send(message)).await.unwrap();
    let answer = within(client.receive()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(answer.content()), "hmac admin badge alice");
    let refused = within(client.request("who")).await.unwrap();
    assert_eq!(refused.message_type(), MessageType::AuthError);
}

#[tokio::test]
async fn without_layers_nothing_is_verified() {
    let app = App::empty();
    app.on(MessageType::RequestUri, |verified: Verified| {
        assert_eq!((verified.outer(), verified.inner()), (None, None));
        "nothing"
    });
    let server = Server::new(app, |builder| builder);
    let answer = within(server.client(Layer::new()).await.request("u")).await.unwrap();
    assert_eq!(answer.text(), "nothing");
}

#[tokio::test]
async fn layers_that_can_t_work_together_are_refused_before_anything_is_sent() {
    let secret = || HmacAuth::new("a secret of sixteen");
    let app = App::empty();
    app.on(MessageType::RequestUri, || "here");
    let server = Server::new(app, |builder| builder.auth(secret()));
    let client = server.client(Layer::new().auth(secret())).await;
    let text =
        async |client: &TcpClient| within(client.request("u")).await.unwrap_err().to_string();
    let same = client.with_auth(HmacAuth::new("another secret, of 16"));
    let expected = "two layers write the auth field \"hmac\": give one of them another name";
    assert_eq!(text(&same).await, expected);
    let hidden = client.with_cipher(Sha256StreamCipher::new("a key of some length"));
    assert_eq!(
        text(&hidden).await,
        "the message can't be sealed: an inner cipher must leave the uri readable: \
         `encrypt_uri(false)`"
    );
    within(client.request("u")).await.unwrap().ok().unwrap();
}
