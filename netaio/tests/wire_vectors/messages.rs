use bytes::{Bytes, BytesMut};
use netaio::wire::{
    AuthFields, AuthLimits, Body, Frame, Header, Message, MessageType, TypeSet, encode_frame,
    helper, packify,
};
use serde_json::Value as Json;

use super::support::{bytes, cases, field_map, name, say, value};

fn number(json: &Json) -> u32 {
    u32::try_from(json.as_u64().expect("a number")).expect("32 bits")
}

fn short(json: &Json) -> u16 {
    u16::try_from(number(json)).expect("16 bits")
}

#[test]
fn wire_vectors_header() {
    for case in cases("header", "encode") {
        let header = Header {
            code: u8::try_from(number(&case["type"])).unwrap(),
            auth_length: short(&case["auth_length"]),
            body_length: short(&case["body_length"]),
            checksum: number(&case["checksum"]),
        };
        assert_eq!(header.encode(), bytes(&case["bytes"])[..], "{}", name(&case));
        assert_eq!(Header::decode(&header.encode()), Ok(header), "{}", name(&case));
    }
    for case in cases("header", "decode") {
        let header = Header::decode(&bytes(&case["bytes"])).ok();
        let header = header.filter(|header| header.message_type(&TypeSet::BASE).is_ok());
        assert_eq!(header.is_some(), case["ok"].as_bool().unwrap(), "{}", name(&case));
        if let Some(header) = header {
            assert_eq!(u32::from(header.code), number(&case["type"]), "{}", name(&case));
            assert_eq!(header.auth_length, short(&case["auth_length"]), "{}", name(&case));
            assert_eq!(header.body_length, short(&case["body_length"]), "{}", name(&case));
            assert_eq!(header.checksum, number(&case["checksum"]), "{}", name(&case));
        }
    }
    for case in cases("header", "decode_custom_types") {
        let known = case["known"].as_array().unwrap().iter().map(|code| number(code) as u8);
        let known = known.fold(TypeSet::BASE, |set, code| set.with(code, "T"));
        let code = number(&case["byte"]) as u8;
        let header = Header { code, auth_length: 0, body_length: 0, checksum: 0 };
        let ok = header.message_type(&known).is_ok();
        assert_eq!(ok, case["ok"].as_bool().unwrap(), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_body() {
    for case in cases("body", "encode") {
        let body = Body::new(bytes(&case["uri"]), bytes(&case["content"])).unwrap();
        assert_eq!(body.encoded(), &bytes(&case["bytes"]), "{}", name(&case));
        assert_eq!(body.checksum(), number(&case["crc32"]), "{}", name(&case));
    }
    for case in cases("body", "decode") {
        let body = Body::decode(bytes(&case["bytes"]).into()).ok();
        assert_eq!(body.is_some(), case["ok"].as_bool().unwrap(), "{}", name(&case));
        if let Some(body) = body {
            assert_eq!(body.uri(), bytes(&case["uri"]), "{}", name(&case));
            assert_eq!(body.content(), bytes(&case["content"]), "{}", name(&case));
        }
    }
    let mut overhead = 0;
    for case in cases("body", "prepare_limit") {
        let length = |key: &str| vec![0; case[key].as_u64().unwrap() as usize];
        // Rule: the original's `overhead` argument is a smaller limit; ours has no such argument.
        let more = length("overhead");
        overhead += usize::from(!more.is_empty());
        let content = [length("content_length"), more].concat();
        let ok = Body::new(length("uri_length"), content).is_ok();
        assert_eq!(ok, case["ok"].as_bool().unwrap(), "{}", name(&case));
    }
    say(&format!("wire_vectors: body.prepare_limit: {overhead} with overhead as content"));
}

/// Makes auth fields of a dict.
pub fn fields(map: &packify::Value) -> AuthFields {
    let mut fields = AuthFields::new();
    let packify::Value::Dict(pairs) = map else { panic!("a field map is a dict") };
    for (name, value) in pairs {
        fields.set_value(name.as_str().expect("names are text"), value).unwrap();
    }
    fields
}

/// Makes a message of its type, auth fields, uri and content.
pub fn message(json: &Json) -> Message {
    let message_type = MessageType::from_code(number(&json["type"]) as u8).unwrap();
    let body = Body::new(bytes(&json["uri"]), bytes(&json["content"])).unwrap();
    Message::from_parts(message_type, fields(&field_map(&json["auth"])), body)
}

#[test]
fn wire_vectors_message() {
    for case in cases("message", "encode") {
        let message = message(&case);
        let encoded = bytes(&case["bytes"]);
        assert_eq!(message.encode().unwrap(), encoded, "{}", name(&case));
        let types = TypeSet::BASE.with(message.message_type().code(), "T");
        assert_eq!(Message::decode(&encoded, &types).unwrap(), message, "{}", name(&case));
        assert_eq!(message.body().checksum(), number(&case["checksum"]), "{}", name(&case));
    }
    for case in cases("message", "decode") {
        let message = Message::decode(&bytes(&case["bytes"]), &TypeSet::BASE);
        let ok = case["ok"].as_bool().unwrap();
        assert_eq!(message.is_ok(), ok, "{}: {message:?}", name(&case));
        if let Ok(message) = message {
            assert_eq!(u32::from(message.message_type().code()), number(&case["type"]));
            assert_eq!(message.uri(), bytes(&case["uri"]), "{}", name(&case));
            assert_eq!(message.content(), bytes(&case["content"]), "{}", name(&case));
            let expected = value(&case["auth_value"]);
            if let packify::Value::Dict(_) = expected {
                let expected = packify::encode(&expected).unwrap();
                let expected = AuthFields::decode(&expected, &AuthLimits::default()).unwrap();
                assert_eq!(message.auth_fields(), &expected, "{}", name(&case));
            } else {
                // Rule: what is no dict is an empty map.
                assert!(message.auth_fields().is_empty(), "{}", name(&case));
            }
        }
    }
}

#[test]
fn wire_vectors_helpers() {
    for case in cases("helpers", "cases") {
        let argument = |key: &str, default: &str| -> Vec<u8> {
            let hex = case["args_are_hex"].as_array().unwrap().iter().any(|name| name == key);
            match &case["args"][key] {
                Json::Null => default.into(),
                json if hex => bytes(json),
                json => json.as_str().unwrap().into(),
            }
        };
        let message = match case["helper"].as_str().unwrap() {
            "make_ok_msg" => helper::ok(argument("content", ""), argument("uri", "")),
            "make_respond_uri_msg" => {
                helper::respond_uri(argument("content", ""), argument("uri", ""))
            }
            "make_not_found_msg" => {
                helper::not_found(argument("msg", "not found"), argument("uri", ""))
            }
            "make_not_permitted_msg" => {
                helper::not_permitted(argument("msg", "not permitted"), argument("uri", ""))
            }
            "make_error_msg" => {
                let text = argument("msg", "");
                // 0 counts as absent in the original.
                let given = case["args"]["message_type"].as_u64().filter(|&code| code != 0);
                let message_type = given.map_or(helper::inferred_type(&text), |code| {
                    MessageType::from_code(code as u8).unwrap()
                });
                helper::error_with(message_type, text, argument("uri", "ERROR"))
            }
            "HMACAuthPlugin.error" => helper::error("HMAC auth failed"),
            "TapescriptAuthPlugin.error" => helper::error("tapescript auth failed"),
            other => panic!("unknown helper {other}"),
        };
        let encoded = message.unwrap().encode().unwrap();
        assert_eq!(encoded, bytes(&case["bytes"]), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_frames_are_cut_by_their_lengths() {
    for case in cases("message", "encode") {
        let encoded = bytes(&case["bytes"]);
        let mut stream = Bytes::from([encoded.clone(), encoded.clone()].concat());
        for _ in 0..2 {
            let frame = Frame::decode(&mut stream).expect("a whole frame");
            assert!(frame.checksum_matches(), "{}", name(&case));
            let auth = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
            let mut again = BytesMut::new();
            encode_frame(frame.header.code, &auth, frame.body(), &mut again).unwrap();
            assert_eq!(again, encoded, "{}", name(&case));
        }
        assert!(stream.is_empty());
    }
}
