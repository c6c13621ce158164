//! A message is refused, or it has one reading: written again it reads the same. Without the
//! secret nothing passes for authentic.

use netaio::{
    plugin::{AuthPlugin, Direction, HmacAuth, PluginContext, System},
    wire::{AuthFields, AuthLimits, Body, Message, TypeSet},
};

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let types = TypeSet::BASE.with(31, "FIRST").with(255, "LAST");
    if let Ok(fields) = AuthFields::decode(bytes, &AuthLimits::default()) {
        let mut again = bytes::BytesMut::new();
        fields.encode_into(&mut again).expect("what came fits");
        let again = AuthFields::decode(&again, &AuthLimits::default()).expect("read again");
        assert_eq!(again, fields);
        let context = PluginContext::new(&System, netaio::MessageType::Ok, Direction::Incoming);
        let body = Body::new("", "").expect("it fits");
        let secret = HmacAuth::new("a secret that the fuzzer does not have");
        assert!(secret.check(&fields, &body, &context).is_err());
    }
    if let Ok(body) = Body::decode(bytes.to_vec().into()) {
        assert_eq!(2 + body.uri().len() + body.content().len(), bytes.len());
    }
    if let Ok(message) = Message::decode(bytes, &types) {
        let again = message.encode().expect("what came fits");
        assert_eq!(Message::decode(&again, &types).as_ref(), Ok(&message));
    }
}
