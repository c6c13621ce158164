//! What the ciphers promise, whatever comes in. The numbers of tests are those of the threat table.

#![cfg(all(feature = "stream-cipher", feature = "asymmetric"))]

use netaio::{
    plugin::{
        CipherError, CipherPlugin, Direction, PeerView, PluginContext, Sha256StreamCipher, System,
        X25519Cipher,
    },
    wire::{
        AuthFields, Body, MessageType,
        packify::{self, Value},
    },
};
use proptest::{collection::vec, prelude::*};

fn context() -> PluginContext<'static> {
    PluginContext::new(&System, MessageType::Ok, Direction::Incoming)
}

fn stream(encrypt_uri: bool) -> Sha256StreamCipher {
    Sha256StreamCipher::new("a key of some length").encrypt_uri(encrypt_uri)
}

/// Two nodes that know each other's keys.
fn pair(encrypt_uri: bool) -> [X25519Cipher; 2] {
    let [ours, theirs] = [[1; 32], [2; 32]].map(|seed| X25519Cipher::new(&seed));
    let (our_key, their_key) = (*ours.public_key(), *theirs.public_key());
    let know = |cipher: X25519Cipher, key| cipher.encrypt_uri(encrypt_uri).peer_key(key).unwrap();
    [know(ours, &their_key), know(theirs, &our_key)]
}

fn seal(cipher: &dyn CipherPlugin, body: Body) -> (AuthFields, Body) {
    let mut fields = AuthFields::new();
    let body = cipher.encrypt(&mut fields, body, &context()).unwrap();
    (fields, body)
}

fn peer_data(entries: Vec<(Value, Value)>) -> Vec<u8> {
    packify::encode(&Value::Dict(entries)).unwrap().to_vec()
}

/// Public keys whose shared secret is zero with any secret key, as in libsodium's list, and two
/// that are so after reduction.
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn key(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn a9_an_iv_is_16_bytes_and_nothing_else() {
    let (sealed, body) = seal(&stream(true), Body::new("uri", "content").unwrap());
    let iv = sealed.get("iv").unwrap().bytes().unwrap().to_vec();
    let others = [
        Value::None,
        Value::ByteArray(iv.clone().into()),
        Value::Str("sixteen letters.".into()),
        Value::List(iv.iter().map(|&byte| i64::from(byte).into()).collect()),
        Value::Bytes(iv[..15].to_vec().into()),
        Value::Bytes([&iv[..], &[0]].concat().into()),
        Value::Bytes(Vec::new().into()),
    ];
    for value in others {
        let mut fields = AuthFields::new();
        fields.set_value("iv", &value).unwrap();
        let opened = stream(true).decrypt(&fields, body.clone(), &context());
        assert_eq!(opened, Err(CipherError::MalformedField("iv".into())), "{value:?}");
    }
    let opened = stream(true).decrypt(&AuthFields::new(), body, &context());
    assert_eq!(opened, Err(CipherError::MissingField("iv".into())));
}

#[test]
fn a9_an_opened_text_that_is_no_body_is_refused() {
    let (fields, sealed) = seal(&stream(true), Body::new("uri", "content").unwrap());
    // Without a MAC, bits flip through: here the highest of the uri's length.
    let mut encoded = sealed.encoded().to_vec();
    encoded[2] ^= 0x80;
    let flipped = Body::decode(encoded.into()).unwrap();
    assert_eq!(stream(true).decrypt(&fields, flipped, &context()), Err(CipherError::Malformed));
    for short in ["", "x"] {
        let short = Body::new(short, "").unwrap();
        assert_eq!(stream(true).decrypt(&fields, short, &context()), Err(CipherError::Malformed));
    }
}

#[test]
fn an_iv_is_fresh_for_each_message_whatever_the_field_had() {
    let mut fields = AuthFields::new();
    fields.set("iv", &[7; 16]);
    let mut seen = std::collections::HashSet::from([vec![7; 16]]);
    for _ in 0..100 {
        stream(true).encrypt(&mut fields, Body::new("u", "c").unwrap(), &context()).unwrap();
        assert!(seen.insert(fields.get("iv").unwrap().bytes().unwrap().to_vec()));
    }
}

#[test]
fn a11_a_box_opens_at_its_own_sender_too() {
    // The format has one key for both directions; the documentation says so.
    let [ours, _] = pair(false);
    let body = Body::new("uri", "content").unwrap();
    let (fields, sealed) = seal(&ours, body.clone());
    assert_eq!(ours.decrypt(&fields, sealed, &context()), Ok(body));
}

#[test]
fn a12_public_keys_of_low_order_are_refused() {
    for text in LOW_ORDER {
        let mut public_key = key(text);
        for _ in 0..2 {
            let cipher = X25519Cipher::new(&[1; 32]);
            let data = peer_data(vec![("pubkey".into(), public_key.to_vec().into())]);
            let context = context().with_peer(PeerView { id: b"peer", data: &data });
            let body = Body::new("uri", [0; 64]).unwrap();
            let mut fields = AuthFields::new();
            let sealed = cipher.encrypt(&mut fields, body.clone(), &context);
            assert_eq!(sealed, Err(CipherError::BadPeerKey), "{text}");
            let opened = cipher.decrypt(&fields, body, &context);
            assert_eq!(opened, Err(CipherError::BadPeerKey), "{text}");
            let fixed = cipher.peer_key(&public_key).map(drop);
            assert_eq!(fixed, Err(CipherError::BadPeerKey), "{text}");
            // The highest bit does not count.
            public_key[31] |= 0x80;
        }
    }
}

#[test]
fn a_peer_without_a_usable_key_is_told_from_one_with_another() {
    let cipher = X25519Cipher::new(&[1; 32]);
    let decrypt = |context: &PluginContext<'_>| {
        let body = Body::new("uri", [0; 64]).unwrap();
        cipher.decrypt(&AuthFields::new(), body, context).unwrap_err()
    };
    assert_eq!(decrypt(&context()), CipherError::UnknownPeer);
    let public_key = *X25519Cipher::new(&[2; 32]).public_key();
    let good = || Value::Bytes(public_key.to_vec().into());
    let cases = [
        (Vec::new(), CipherError::UnknownPeer),
        (b"no packify".to_vec(), CipherError::UnknownPeer),
        (packify::encode(&Value::List(vec![good()])).unwrap().to_vec(), CipherError::UnknownPeer),
        (peer_data(vec![("vkey".into(), good())]), CipherError::UnknownPeer),
        (peer_data(vec![("pubkey".into(), "text".into())]), CipherError::BadPeerKey),
        (
            peer_data(vec![("pubkey".into(), public_key[..31].to_vec().into())]),
            CipherError::BadPeerKey,
        ),
        (peer_data(vec![("pubkey".into(), good())]), CipherError::Mismatch),
    ];
    for (data, expected) in cases {
        let context = context().with_peer(PeerView { id: b"peer", data: &data });
        assert_eq!(decrypt(&context), expected);
    }
}

#[test]
fn every_bit_of_a_box_counts() {
    let [ours, theirs] = pair(true);
    let (fields, sealed) = seal(&ours, Body::new("uri", "content").unwrap());
    let encoded = sealed.encoded();
    assert!(theirs.decrypt(&fields, sealed.clone(), &context()).is_ok());
    for bit in 8 * 2..8 * encoded.len() {
        let mut changed = encoded.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = Body::decode(changed.into()).unwrap();
        assert_eq!(theirs.decrypt(&fields, changed, &context()), Err(CipherError::Mismatch));
    }
}

#[test]
fn what_would_not_fit_a_message_is_refused_before_it_is_sealed() {
    let [ours, _] = pair(false);
    let [sealing_uri, _] = pair(true);
    let cases: [(&dyn CipherPlugin, usize); 4] = [
        (&stream(false), Body::MAX_LENGTH),
        (&stream(true), Body::MAX_LENGTH - 2),
        (&ours, Body::MAX_LENGTH - 40),
        (&sealing_uri, Body::MAX_LENGTH - 42),
    ];
    for (cipher, most) in cases {
        let encrypt = |length: usize| {
            let body = Body::new("uri", vec![0; length - 3]).unwrap();
            cipher.encrypt(&mut AuthFields::new(), body, &context())
        };
        let sealed = encrypt(most).unwrap();
        assert_eq!(sealed.uri().len() + sealed.content().len(), Body::MAX_LENGTH);
        if most < Body::MAX_LENGTH {
            assert_eq!(encrypt(most + 1), Err(CipherError::TooLarge));
        }
    }
}

#[test]
fn secrets_are_never_shown() {
    let stream = Sha256StreamCipher::new("marker marker marker");
    assert_eq!(
        format!("{stream:?}"),
        r#"Sha256StreamCipher { iv_field: "iv", encrypt_uri: true, .. }"#
    );
    let [boxes, _] = pair(false);
    assert_eq!(format!("{boxes:?}"), "X25519Cipher { encrypt_uri: false, .. }");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(
        uri in vec(any::<u8>(), 0..300),
        content in vec(any::<u8>(), 0..3_000),
        encrypt_uri in any::<bool>(),
    ) {
        let body = Body::new(uri, content).unwrap();
        let [ours, theirs] = pair(encrypt_uri);
        let stream = stream(encrypt_uri);
        let ciphers: [[&dyn CipherPlugin; 2]; 2] = [[&stream, &stream], [&ours, &theirs]];
        for [sender, receiver] in ciphers {
            let (fields, sealed) = seal(sender, body.clone());
            if encrypt_uri {
                prop_assert!(!sealed.uri().is_empty() && !sealed.content().is_empty());
            } else {
                prop_assert_eq!(sealed.uri(), body.uri());
            }
            prop_assert_eq!(&receiver.decrypt(&fields, sealed, &context()).unwrap(), &body);
        }
    }

    #[test]
    fn garbage_is_refused_or_opened_and_nothing_worse(
        encoded in vec(any::<u8>(), 2..200),
        iv in vec(any::<u8>(), 0..40),
        data in vec(any::<u8>(), 0..80),
    ) {
        let Ok(body) = Body::decode(encoded.into()) else { return Ok(()) };
        let mut fields = AuthFields::new();
        fields.set("iv", &iv);
        for encrypt_uri in [false, true] {
            let opened = stream(encrypt_uri).decrypt(&fields, body.clone(), &context());
            prop_assert!(iv.len() == 16 || opened.is_err());
            let [ours, _] = pair(encrypt_uri);
            prop_assert!(ours.decrypt(&fields, body.clone(), &context()).is_err());
            let unknown = X25519Cipher::new(&[3; 32]).encrypt_uri(encrypt_uri);
            let context = context().with_peer(PeerView { id: &iv, data: &data });
            prop_assert!(unknown.decrypt(&fields, body.clone(), &context).is_err());
        }
    }
}
