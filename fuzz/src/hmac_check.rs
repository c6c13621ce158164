//! Without the secret nothing passes for authentic; what the plugin says of any fields is what a
//! plain model of it says; what it makes, passes.

use netaio::{
    MessageType,
    plugin::{AuthPlugin, Binding, Direction, HmacAuth, PluginContext, System},
    wire::{AuthFields, AuthLimits, Body},
};
use sha2::{Digest, Sha256};

const SECRET: &[u8] = b"a secret that is known here";

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// The original's MAC, step by step.
fn model(fields: &AuthFields, body: &Body) -> Option<bool> {
    let bytes = |name: &str| fields.get(name)?.bytes();
    let (nonce, ts, mac) = (bytes("nonce")?, bytes("ts")?, bytes("hmac")?);
    if nonce.len() != 16 || ts.len() != 4 || mac.len() != 32 || ts == [0; 4] {
        return None;
    }
    let secret = sha256(&[&sha256(&[SECRET])]);
    let key = sha256(&[&secret, &sha256(&[nonce]), &sha256(&[b"mac"])]);
    let padded = |with: u8| {
        let mut block = [with; 136];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = sha256(&[&padded(0x36), ts, body.encoded()]);
    Some(sha256(&[&padded(0x5c), &inner]) == mac)
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let (fields, body) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let Ok(mut fields) = AuthFields::decode(fields, &AuthLimits::default()) else { return };
    let Ok(body) = Body::new(&body[..body.len().min(8)], body) else { return };
    let context = PluginContext::new(&System, MessageType::Ok, Direction::Incoming);
    let binding = [Binding::Off, Binding::Offer, Binding::Require][usize::from(choice % 3)];
    let plugin = HmacAuth::new(SECRET).binding(binding);
    let stranger = HmacAuth::new("a secret that nobody knows").binding(binding);
    assert!(stranger.check(&fields, &body, &context).is_err());
    if binding == Binding::Off {
        let passed = plugin.check(&fields, &body, &context).is_ok();
        assert_eq!(passed, model(&fields, &body) == Some(true));
    }
    let sent = PluginContext::new(&System, MessageType::Ok, Direction::Outgoing);
    if plugin.make(&mut fields, &body, &sent).is_ok() {
        assert!(stranger.check(&fields, &body, &context).is_err());
        let passed = plugin.check(&fields, &body, &context).is_ok();
        // A time of 0 is taken over from what was set, and never passes.
        let no_time = fields.get("ts").and_then(|ts| ts.bytes()) == Some(&[0; 4]);
        assert!(passed || no_time);
        if binding != Binding::Require {
            assert_eq!(model(&fields, &body), if no_time { None } else { Some(true) });
        }
    }
}
