use netaio::wire::packify::{decode, encode};

use super::support::{bytes, cases, name, value};

#[test]
fn wire_vectors_packify_encode() {
    for case in cases("packify", "encode") {
        let (value, bytes) = (value(&case["value"]), bytes(&case["bytes"]));
        assert_eq!(encode(&value).unwrap(), bytes, "{}", name(&case));
        // Sets and dicts are read in the order of their bytes: compare the bytes again.
        assert_eq!(encode(&decode(&bytes).unwrap()).unwrap(), bytes, "{}", name(&case));
    }
}

#[test]
fn wire_vectors_packify_decode() {
    for case in cases("packify", "decode") {
        let decoded = decode(&bytes(&case["bytes"])).unwrap_or_else(|error| {
            panic!("{}: {error}", name(&case));
        });
        // Canonical bytes are equal exactly when the values are.
        let expected = encode(&value(&case["value"])).unwrap();
        assert_eq!(encode(&decoded).unwrap(), expected, "{}", name(&case));
    }
}

#[test]
fn wire_vectors_packify_decode_errors() {
    for case in cases("packify", "decode_errors") {
        let decoded = decode(&bytes(&case["bytes"]));
        assert!(decoded.is_err(), "{}: {decoded:?}", name(&case));
    }
}
