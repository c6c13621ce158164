#![cfg(feature = "stream-cipher")]

use netaio::{
    plugin::{CipherError, CipherPlugin, Direction, PluginContext, Sha256StreamCipher, System},
    wire::{AuthFields, Body, Message, MessageType},
};
use serde_json::Value as Json;

use super::{
    messages::{fields, message},
    support::{Recorded, bytes, cases, field_map, name, say, value},
};

pub fn plugin(key: &Json, config: &Json) -> Sha256StreamCipher {
    let mut plugin = Sha256StreamCipher::new(key.as_str().unwrap());
    for (option, setting) in config.as_object().unwrap() {
        plugin = match option.as_str() {
            "iv_field" => plugin.iv_field(setting.as_str().unwrap()),
            "encrypt_uri" => plugin.encrypt_uri(setting.as_bool().unwrap()),
            "key" => plugin,
            other => panic!("unknown option {other}"),
        };
    }
    plugin
}

fn decrypt(case: &Json, fields: &AuthFields, body: Body) -> Result<Body, CipherError> {
    let context = PluginContext::new(&System, MessageType::Ok, Direction::Incoming);
    plugin(&case["key"], &case["config"]).decrypt(fields, body, &context)
}

#[test]
fn wire_vectors_stream_cipher_encrypt() {
    for case in cases("stream_cipher", "encrypt") {
        let environment = Recorded::new(&case);
        let plain = message(&case["plain"]);
        let (message_type, mut fields, body) = plain.clone().into_parts();
        let context = PluginContext::new(&environment, message_type, Direction::Outgoing);
        let plugin = plugin(&case["key"], &case["config"]);
        let sealed = plugin.encrypt(&mut fields, body, &context).unwrap();
        let sealed = Message::from_parts(message_type, fields, sealed);
        assert_eq!(sealed, message(&case["cipher"]), "{}", name(&case));
        assert_eq!(sealed.encode().unwrap(), bytes(&case["bytes"]), "{}", name(&case));
        assert_eq!(environment.left(), 0, "{}", name(&case));

        let (_, fields, body) = sealed.into_parts();
        assert_eq!(&decrypt(&case, &fields, body).unwrap(), plain.body(), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_stream_cipher_decrypt() {
    let mut stricter = 0;
    for case in cases("stream_cipher", "decrypt") {
        let (_, fields, body) = message(&case["cipher"]).into_parts();
        let opened = decrypt(&case, &fields, body);
        if case["want"] == "drop" {
            stricter += 1;
            assert!(opened.is_err(), "{}", name(&case));
        } else {
            assert_eq!(&opened.unwrap(), message(&case["plain"]).body(), "{}", name(&case));
        }
    }
    say(&format!(
        "wire_vectors: stream_cipher.decrypt: {stricter} refused that the original opens"
    ));
}

#[test]
fn wire_vectors_stream_cipher_errors() {
    for case in cases("stream_cipher", "errors") {
        match case["what"].as_str().unwrap() {
            "decrypt" => {
                let body = Body::new(bytes(&case["uri"]), bytes(&case["content"])).unwrap();
                let fields = match value(&case["auth_value"]) {
                    map @ netaio::wire::packify::Value::Dict(_) => fields(&map),
                    _ => AuthFields::new(),
                };
                assert!(decrypt(&case, &fields, body).is_err(), "{}", name(&case));
            }
            "encrypt size" => {
                let content = vec![0; case["content_length"].as_u64().unwrap() as usize];
                let body = Body::new("", content).unwrap();
                let plugin = Sha256StreamCipher::new("a key for sizes")
                    .encrypt_uri(case["encrypt_uri"].as_bool().unwrap());
                let context = PluginContext::new(&System, MessageType::Ok, Direction::Outgoing);
                let sealed = plugin.encrypt(&mut AuthFields::new(), body, &context);
                assert_eq!(sealed.is_ok(), case["ok"].as_bool().unwrap(), "{}", name(&case));
            }
            other => panic!("unknown case {other}"),
        }
    }
}

#[test]
fn the_fields_of_a_failure_are_named() {
    let case = serde_json::json!({ "key": "k", "config": { "iv_field": "iv2" } });
    let body = || Body::new("uri", "content").unwrap();
    let missing = decrypt(&case, &AuthFields::new(), body());
    assert_eq!(missing, Err(CipherError::MissingField("iv2".into())));
    let mut short = fields(&field_map(&serde_json::json!({})));
    short.set("iv2", &[0; 15]);
    assert_eq!(decrypt(&case, &short, body()), Err(CipherError::MalformedField("iv2".into())));
}
