//! Any fields pass or do not, cheaply; what is worked for, passes.

use netaio::{
    MessageType,
    plugin::{AuthPlugin, Direction, HashcashAuth, PluginContext, System},
    wire::{AuthFields, AuthLimits, Body},
};

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let (fields, body) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let Ok(mut fields) = AuthFields::decode(fields, &AuthLimits::default()) else { return };
    let Ok(body) = Body::new("uri", body) else { return };
    let received = PluginContext::new(&System, MessageType::RequestUri, Direction::Incoming);
    let sent = PluginContext::new(&System, MessageType::RequestUri, Direction::Outgoing);
    let endless = HashcashAuth::new("app", HashcashAuth::MOST_BITS);
    assert!(endless.check(&fields, &body, &received).is_err(), "nobody has worked that much");
    let easy = HashcashAuth::new("app", 2);
    let _ = easy.check(&fields, &body, &received);
    easy.make(&mut fields, &body, &sent).expect("it is little work");
    easy.check(&fields, &body, &received).expect("it is paid");
    assert!(easy.fingerprint(&fields, &body).is_some());
}
