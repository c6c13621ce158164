#![cfg(all(feature = "hmac", feature = "stream-cipher"))]

use netaio::{
    plugin::{
        AuthPlugin, CipherPlugin, Direction, HmacAuth, Layer, OpenError, PluginContext,
        Sha256StreamCipher, System,
    },
    wire::{AuthFields, Body, Message, TypeSet},
};
use serde_json::Value as Json;

use super::{
    messages::{fields, message},
    stream_cipher,
    support::{Recorded, bytes, cases, field_map, name},
};

fn auth(config: &Json) -> Option<HmacAuth> {
    let config = config.as_object()?;
    let plugin = HmacAuth::new(config["secret"].as_str().unwrap());
    Some(match config.get("hmac_field") {
        Some(field) => plugin.field(field.as_str().unwrap()),
        None => plugin,
    })
}

fn cipher(config: &Json) -> Option<Sha256StreamCipher> {
    config.is_object().then(|| stream_cipher::plugin(&config["key"], config))
}

/// Returns the inner layer, or the outer one.
fn layer(case: &Json, place: &str) -> Layer {
    let config = |kind: &str| &case["config"][format!("{place}_{kind}")];
    let layer = auth(config("auth")).map_or_else(Layer::new, |auth| Layer::new().auth(auth));
    match cipher(config("cipher")) {
        Some(cipher) => layer.cipher(cipher),
        None => layer,
    }
}

/// Applies one plugin, as a layer alone would.
fn step(
    case: &Json,
    after: &str,
    fields: &mut AuthFields,
    body: Body,
    context: &PluginContext<'_>,
) -> Body {
    let config = &case["config"][after.replace(' ', "_")];
    if after.ends_with("cipher") {
        return cipher(config).unwrap().encrypt(fields, body, context).unwrap();
    }
    auth(config).unwrap().make(fields, &body, context).unwrap();
    body
}

/// Checks the message after each plugin.
fn check_stages(case: &Json) {
    let environment = Recorded::new(case);
    let (message_type, mut fields, mut body) = message(&case["plain"]).into_parts();
    let context = PluginContext::new(&environment, message_type, Direction::Outgoing);
    for stage in case["stages"].as_array().unwrap() {
        let after = stage["after"].as_str().unwrap();
        body = step(case, after, &mut fields, body, &context);
        let now = Message::from_parts(message_type, fields.clone(), body.clone());
        assert_eq!(now, message(stage), "{}: {after}", name(case));
    }
    assert_eq!(environment.left(), 0, "{}", name(case));
}

#[test]
fn wire_vectors_layers_cases() {
    for case in cases("layers", "cases") {
        check_stages(&case);
        let (inner, outer) = (layer(&case, "inner"), layer(&case, "outer"));
        let environment = Recorded::new(&case);
        let plain = message(&case["plain"]);
        let (message_type, mut made, body) = plain.clone().into_parts();
        let context = PluginContext::new(&environment, message_type, Direction::Outgoing);
        let body = inner.seal(&mut made, body, &context).unwrap();
        let body = outer.seal(&mut made, body, &context).unwrap();
        let sent = Message::from_parts(message_type, made, body).encode().unwrap();
        assert_eq!(sent, bytes(&case["bytes"]), "{}", name(&case));

        let (_, received, body) = Message::decode(&sent, &TypeSet::BASE).unwrap().into_parts();
        assert_eq!(received, fields(&field_map(&case["received_auth"])), "{}", name(&case));
        let context = PluginContext::new(&environment, message_type, Direction::Incoming);
        let body = outer.open(&received, body, &context).unwrap();
        let body = inner.open(&received, body, &context).unwrap();
        assert_eq!(&body, plain.body(), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_layers_tampered() {
    for case in cases("layers", "tampered") {
        let (message_type, fields, body) =
            Message::decode(&bytes(&case["bytes"]), &TypeSet::BASE).unwrap().into_parts();
        let context = PluginContext::new(&System, message_type, Direction::Incoming);
        let verdict = |place: &str| case["results"][place].as_bool();
        let opened = match layer(&case, "outer").open(&fields, body, &context) {
            Err(OpenError::Auth(_)) => {
                assert_eq!(verdict("outer_auth"), Some(false), "{}", name(&case));
                continue;
            }
            // The outer iv is under no MAC: what it opens to is garbage, and mostly no body.
            Err(OpenError::Cipher(_)) => {
                assert_eq!(verdict("inner_auth"), Some(false), "{}", name(&case));
                continue;
            }
            Ok(opened) => opened,
        };
        assert_eq!(verdict("outer_auth"), Some(true), "{}", name(&case));
        let opened = layer(&case, "inner").open(&fields, opened, &context);
        let authentic = !matches!(opened, Err(OpenError::Auth(_)));
        assert_eq!(Some(authentic), verdict("inner_auth"), "{}", name(&case));
    }
}
