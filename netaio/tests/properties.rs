//! Properties of the wire format, for any input.

use bytes::BytesMut;
use netaio::wire::{
    AuthFields, AuthLimits, Body, Frame, Message, MessageType, TypeSet,
    packify::{Decimal, Integer, Value, decode, encode},
};
use proptest::{collection::vec, prelude::*};

fn hashable() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (any::<bool>(), vec(any::<u8>(), 0..300))
            .prop_map(|(negative, bytes)| Value::Int(Integer::from_parts(negative, &bytes))),
        vec(any::<u8>(), 0..300).prop_map(Value::from),
        ".*".prop_map(Value::from),
        "-?[0-9]{1,20}\\.[0-9]{1,20}".prop_map(|text| Value::Decimal(Decimal::new(&text).unwrap())),
    ]
}

/// Any value that compares equal to itself, and whose sets and dicts have no repeated keys.
fn value() -> impl Strategy<Value = Value> {
    hashable().prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::List),
            vec(inner.clone(), 0..8).prop_map(Value::Tuple),
            vec(hashable(), 0..8).prop_map(|items| Value::Set(distinct(items, |item| item))),
            vec((hashable(), inner), 0..8)
                .prop_map(|pairs| Value::Dict(distinct(pairs, |(key, _)| key))),
        ]
    })
}

fn distinct<T>(items: Vec<T>, key: impl Fn(&T) -> &Value) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().filter(|item| seen.insert(encode(key(item)).unwrap())).collect()
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(reversed).collect()),
        Value::Tuple(items) => Value::Tuple(items.iter().map(reversed).collect()),
        Value::Set(items) => Value::Set(items.iter().rev().cloned().collect()),
        Value::Dict(pairs) => Value::Dict(
            pairs.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect(),
        ),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn a_value_survives_the_way_there_and_back(value in value()) {
        let bytes = encode(&value).unwrap();
        let decoded = decode(&bytes).unwrap();
        prop_assert_eq!(encode(&decoded).unwrap(), bytes);
    }

    #[test]
    fn the_order_of_sets_and_dicts_does_not_show(value in value()) {
        prop_assert_eq!(encode(&value).unwrap(), encode(&reversed(&value)).unwrap());
    }

    #[test]
    fn any_bytes_decode_or_fail(bytes in vec(any::<u8>(), 0..2_000)) {
        if let Ok(value) = decode(&bytes) {
            let canonical = encode(&value).unwrap();
            prop_assert_eq!(encode(&decode(&canonical).unwrap()).unwrap(), canonical);
        }
    }

    #[test]
    fn damaged_values_decode_or_fail(value in value(), at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = encode(&value).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = decode(&bytes);
        let _ = AuthFields::decode(&bytes, &AuthLimits::default());
    }

    #[test]
    fn auth_fields_survive_the_way_there_and_back(
        // The encoding of names changes at 256 bytes.
        fields in proptest::collection::hash_map(
            prop_oneof![".{0,20}", "[ab]{254,258}"], vec(any::<u8>(), 0..400), 0..20,
        ),
    ) {
        let mut map = AuthFields::new();
        for (name, bytes) in &fields {
            map.set(name, bytes);
        }
        let mut encoded = BytesMut::new();
        map.encode_into(&mut encoded).unwrap();
        prop_assert_eq!(encoded.len(), usize::from(map.encoded_len().unwrap()));
        let dict = fields.iter().map(|(name, bytes)| (name.as_str().into(), bytes.clone().into()));
        prop_assert_eq!(&encoded[..], encode(&Value::Dict(dict.collect())).unwrap());
        let mut decoded = AuthFields::decode(&encoded, &AuthLimits::default()).unwrap();
        prop_assert_eq!(&decoded, &map);
        for (name, bytes) in &fields {
            prop_assert_eq!(decoded.get(name).and_then(|field| field.bytes()), Some(&bytes[..]));
            prop_assert!(decoded.remove(name) && decoded.get(name).is_none());
        }
        prop_assert!(decoded.is_empty());
    }

    #[test]
    fn a_message_survives_the_way_there_and_back(
        base in 0..MessageType::BASE.len(), uri in vec(any::<u8>(), 0..300), content in vec(any::<u8>(), 0..300),
    ) {
        let message = Message::new(MessageType::BASE[base], &uri, &content).unwrap();
        let bytes = message.encode().unwrap();
        prop_assert_eq!(Message::decode(&bytes, &TypeSet::BASE).unwrap(), message);
    }

    #[test]
    fn however_a_stream_is_split_the_same_frames_come_out(
        contents in vec(vec(any::<u8>(), 0..200), 1..6), splits in vec(1..50_usize, 1..20),
    ) {
        let mut stream = BytesMut::new();
        for content in &contents {
            Message::new(MessageType::Ok, "u", content).unwrap().encode_into(&mut stream).unwrap();
        }
        let (mut left, mut buffered, mut found) = (&stream[..], BytesMut::new(), Vec::new());
        let mut splits = splits.into_iter().cycle();
        while !left.is_empty() {
            let (chunk, rest) = left.split_at(splits.next().unwrap().min(left.len()));
            left = rest;
            buffered.extend_from_slice(chunk);
            let mut unread = buffered.split().freeze();
            while let Some(frame) = Frame::decode(&mut unread) {
                found.push(Body::decode(frame.into_body()).unwrap().content().to_vec());
            }
            buffered.extend_from_slice(&unread);
        }
        prop_assert_eq!(found, contents);
    }
}

#[test]
fn a_declared_count_reserves_nothing() {
    // A list of 2^32 - 1 items, and one whose items are said to be there.
    assert!(decode(&[0xca, 0xc0, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(decode(&[0x4a, 0xc0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
}

#[test]
fn the_limits_of_auth_fields_are_exact() {
    let fields = |count: usize| {
        let mut map = AuthFields::new();
        for number in 0..count {
            map.set(&number.to_string(), b"x");
        }
        let mut encoded = BytesMut::new();
        map.encode_into(&mut encoded).unwrap();
        encoded
    };
    let limits = AuthLimits::default();
    assert!(AuthFields::decode(&fields(64), &limits).is_ok());
    assert!(AuthFields::decode(&fields(65), &limits).is_err());
    let encoded = fields(10);
    assert!(AuthFields::decode(&encoded, &limits.max_length(encoded.len())).is_ok());
    assert!(AuthFields::decode(&encoded, &limits.max_length(encoded.len() - 1)).is_err());

    let nested = |depth: usize| {
        let list = (0..depth).fold(Value::None, |value, _| Value::List(vec![value]));
        encode(&Value::Dict(vec![("k".into(), list)])).unwrap()
    };
    assert!(AuthFields::decode(&nested(31), &limits).is_ok());
    assert!(AuthFields::decode(&nested(32), &limits).is_err());
}

#[test]
fn a_field_that_is_named_twice_is_refused() {
    // {"a": b"b"} twice over, as no honest encoder writes it.
    let entry = [0x4c, 0x40, 2, 3, 3, 0x43, 1, b'a', 0x41, 1, b'b'];
    let mut twice = vec![0x4d, 0x40, 2, entry.len() as u8, entry.len() as u8];
    twice.extend([entry, entry].concat());
    assert!(decode(&twice).is_ok(), "the value by itself has a reading: the last wins");
    assert!(AuthFields::decode(&twice, &AuthLimits::default()).is_err());
}
