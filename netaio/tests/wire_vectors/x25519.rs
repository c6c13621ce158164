#![cfg(feature = "asymmetric")]

use netaio::{
    plugin::{CipherPlugin, Direction, PeerView, PluginContext, System, X25519Cipher},
    wire::{AuthFields, Body, Message, MessageType},
};
use serde_json::Value as Json;

use super::{
    messages::message,
    support::{Recorded, bytes, cases, name},
};

fn key(json: &Json) -> [u8; 32] {
    bytes(json).try_into().expect("a key has 32 bytes")
}

#[test]
fn wire_vectors_x25519_keys() {
    for case in cases("x25519", "keys") {
        let cipher = X25519Cipher::new(&key(&case["seed"]));
        assert_eq!(cipher.public_key(), &key(&case["pubkey"]), "{}", name(&case));
        assert_eq!(cipher.verifying_key(), &key(&case["vkey"]), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_x25519_encrypt() {
    for case in cases("x25519", "encrypt") {
        let environment = Recorded::new(&case);
        let data = bytes(&case["peer_data"]);
        let encrypt_uri = case["encrypt_uri"].as_bool().unwrap();
        let plain = message(&case["plain"]);
        let (message_type, mut fields, body) = plain.clone().into_parts();

        let sender = X25519Cipher::new(&key(&case["seed"])).encrypt_uri(encrypt_uri);
        assert_eq!(sender.public_key(), &key(&case["sender_pubkey"]), "{}", name(&case));
        let context = PluginContext::new(&environment, message_type, Direction::Outgoing)
            .with_peer(PeerView { id: b"peer", data: &data });
        let sealed = sender.encrypt(&mut fields, body, &context).unwrap();
        let sealed = Message::from_parts(message_type, fields, sealed);
        assert_eq!(sealed, message(&case["cipher"]), "{}", name(&case));
        assert_eq!(sealed.encode().unwrap(), bytes(&case["bytes"]), "{}", name(&case));
        assert_eq!(environment.left(), 0, "{}", name(&case));

        let receiver = X25519Cipher::new(&key(&case["receiver_seed"]))
            .encrypt_uri(encrypt_uri)
            .peer_key(sender.public_key())
            .unwrap();
        assert_eq!(receiver.public_key(), &key(&case["peer_pubkey"]), "{}", name(&case));
        let context = PluginContext::new(&environment, message_type, Direction::Incoming);
        let (_, fields, body) = sealed.into_parts();
        let opened = receiver.decrypt(&fields, body, &context).unwrap();
        assert_eq!(&opened, plain.body(), "{}", name(&case));
    }
}

#[test]
fn wire_vectors_x25519_decrypt() {
    for case in cases("x25519", "decrypt") {
        let data = bytes(&case["peer_data"]);
        let context = PluginContext::new(&System, MessageType::Ok, Direction::Incoming)
            .with_peer(PeerView { id: b"peer", data: &data });
        let body = Body::new(bytes(&case["uri"]), bytes(&case["content"])).unwrap();
        let cipher = X25519Cipher::new(&key(&case["seed"]));
        let opened = cipher.decrypt(&AuthFields::new(), body, &context);
        assert_eq!(opened.is_ok(), case["ok"].as_bool().unwrap(), "{}", name(&case));
        if let Ok(opened) = opened {
            let plain = &case["plain"];
            let plain = Body::new(bytes(&plain["uri"]), bytes(&plain["content"])).unwrap();
            assert_eq!(opened, plain, "{}", name(&case));
        }
    }
}
