//! What a cipher seals, it opens; whatever else it is given to open, it opens to a body or refuses.

use netaio::{
    MessageType,
    plugin::{CipherPlugin, Direction, PluginContext, Sha256StreamCipher, System, X25519Cipher},
    wire::{AuthFields, Body},
};

fn check(cipher: &dyn CipherPlugin, opener: &dyn CipherPlugin, body: &Body) {
    let context = PluginContext::new(&System, MessageType::Ok, Direction::Outgoing);
    let mut fields = AuthFields::new();
    fields.set("iv", &[7; 16]);
    let opened = opener.decrypt(&fields, body.clone(), &context);
    assert!(!(opener.detects_changes() && opened.is_ok()), "nobody has sealed that");
    if let Ok(sealed) = cipher.encrypt(&mut fields, body.clone(), &context) {
        let opened = opener.decrypt(&fields, sealed, &context);
        assert_eq!(opened.as_ref(), Ok(body));
    }
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Ok(body) = Body::decode(bytes.to_vec().into()) else { return };
    for encrypt_uri in [true, false] {
        let stream = Sha256StreamCipher::new("a key of some length").encrypt_uri(encrypt_uri);
        check(&stream, &stream, &body);
        let [ours, theirs] = [[1; 32], [2; 32]].map(|seed| X25519Cipher::new(&seed));
        let keys = [*theirs.public_key(), *ours.public_key()];
        let ours = ours.encrypt_uri(encrypt_uri).peer_key(&keys[0]).expect("a good key");
        let theirs = theirs.encrypt_uri(encrypt_uri).peer_key(&keys[1]).expect("a good key");
        check(&ours, &theirs, &body);
    }
}
