#![cfg(feature = "hmac")]

use netaio::{
    plugin::{AuthPlugin, Direction, HmacAuth, PluginContext, Proof},
    wire::{AuthFields, AuthLimits, Body, Message, MessageType, packify},
};
use serde_json::Value as Json;

use super::{
    messages::fields,
    support::{Recorded, bytes, cases, field_map, name, say, value},
};

fn plugin(case: &Json) -> HmacAuth {
    let mut plugin = HmacAuth::new(case["secret"].as_str().unwrap());
    for (option, name) in case["config"].as_object().unwrap() {
        let name = name.as_str().unwrap();
        plugin = match option.as_str() {
            "hmac_field" => plugin.field(name),
            "nonce_field" => plugin.nonce_field(name),
            "ts_field" => plugin.ts_field(name),
            other => panic!("unknown option {other}"),
        };
    }
    plugin
}

fn body(case: &Json) -> Body {
    Body::new(bytes(&case["uri"]), bytes(&case["content"])).unwrap()
}

/// Reads auth fields as a receiver does; what can't be read is refused.
fn received(case: &Json) -> Option<AuthFields> {
    let encoded = packify::encode(&value(&case["auth_value"])).unwrap();
    AuthFields::decode(&encoded, &AuthLimits::default()).ok()
}

#[test]
fn wire_vectors_hmac_make() {
    for case in cases("hmac", "make") {
        let environment = Recorded::new(&case);
        let message_type = case["type"]
            .as_u64()
            .map_or(MessageType::Ok, |code| MessageType::from_code(code as u8).unwrap());
        let context = PluginContext::new(&environment, message_type, Direction::Outgoing);
        let mut made = fields(&field_map(&case["before"]));
        let result = plugin(&case).make(&mut made, &body(&case), &context);
        assert_eq!(result.is_err(), case.get("python_error").is_some(), "{}", name(&case));
        if result.is_ok() {
            assert_eq!(made, fields(&field_map(&case["auth"])), "{}", name(&case));
            let message = Message::from_parts(message_type, made, body(&case));
            assert_eq!(message.encode().unwrap(), bytes(&case["bytes"]), "{}", name(&case));
            assert_eq!(environment.left(), 0, "{}", name(&case));
        }
    }
}

#[test]
fn wire_vectors_hmac_check() {
    let mut stricter = 0;
    for case in cases("hmac", "check") {
        let environment = Recorded::new(&case);
        let context = PluginContext::new(&environment, MessageType::Ok, Direction::Incoming);
        let passed = received(&case)
            .is_some_and(|fields| plugin(&case).check(&fields, &body(&case), &context).is_ok());
        assert_eq!(passed, case["want"].as_bool().unwrap(), "{}", name(&case));
        stricter += usize::from(case["python"] != case["want"]);
    }
    say(&format!("wire_vectors: hmac.check: {stricter} refused that the original takes or raises"));
}

#[test]
fn wire_vectors_hmac_moved_bytes() {
    for case in cases("hmac", "moved_bytes") {
        let environment = Recorded::new(&case);
        let context = PluginContext::new(&environment, MessageType::Ok, Direction::Incoming);
        let genuine = &case["genuine"];
        let checked =
            plugin(&case).check(&fields(&field_map(&genuine["auth"])), &body(genuine), &context);
        assert_eq!(checked, Ok(Proof::anonymous()), "{}: the genuine message", name(&case));
        let forged = received(&case)
            .is_some_and(|fields| plugin(&case).check(&fields, &body(&case), &context).is_ok());
        assert!(!forged, "{}: the forged one", name(&case));
    }
}
