use netaio::{
    MessageType,
    peer::{PackifyPeers, Peer, PeerPlugin},
    wire::{Message, TypeSet, packify},
};

use super::support::{bytes, cases, name, say, value};

/// Rule: the original packs a peer whose id or data is `None`; ours has both, perhaps empty, and takes a
/// tuple of two byte strings alone.
#[test]
fn wire_vectors_peers_pack() {
    let mut none = 0;
    for case in cases("peers", "pack") {
        let encoded = bytes(&case["bytes"]);
        if case["data"].is_null() || case["id"].is_null() {
            assert_eq!(PackifyPeers.unpack(&encoded), None, "{}", name(&case));
            none += 1;
            continue;
        }
        let peer = Peer::new(bytes(&case["id"])).with_data(bytes(&case["data"]));
        assert_eq!(PackifyPeers.pack(&peer), encoded, "{}", name(&case));
        assert_eq!(PackifyPeers.unpack(&encoded), Some(peer), "{}", name(&case));
    }
    say(&format!("wire_vectors: peers.pack: {none} without id or data, refused"));
}

#[test]
fn wire_vectors_peers_parse_data() {
    for case in cases("peers", "parse_data") {
        let (encoded, expected) = (bytes(&case["bytes"]), value(&case["value"]));
        assert_eq!(packify::encode(&expected).unwrap(), encoded, "{}", name(&case));
        let peer = Peer::new("x").with_data(encoded.clone());
        // Encoded again, since a dict keeps the order it is read in.
        let parsed = peer.value().unwrap();
        assert_eq!(packify::encode(&parsed).unwrap(), encoded, "{}", name(&case));
        let packify::Value::Dict(entries) = parsed else { panic!("{}", name(&case)) };
        for (key, value) in entries {
            assert_eq!(peer.get(key.as_str().unwrap()), Some(value), "{}", name(&case));
        }
    }
}

/// Rule: of what the original unpacks, a tuple of two byte strings is a peer and all else is
/// ignored.
#[test]
fn wire_vectors_peers_unpack() {
    let mut either = 0;
    for case in cases("peers", "unpack") {
        let peer = PackifyPeers.unpack(&bytes(&case["bytes"]));
        match case["want"].as_str().unwrap() {
            "accept" => {
                let expected = &case["python_unpack"];
                let peer = peer.unwrap_or_else(|| panic!("{}", name(&case)));
                assert_eq!(peer.id().to_vec(), bytes(&expected["id"]["v"]), "{}", name(&case));
                assert_eq!(peer.data().to_vec(), bytes(&expected["data"]["v"]), "{}", name(&case));
            }
            "ignore" => assert_eq!(peer, None, "{}", name(&case)),
            "either" => either += 1,
            other => panic!("{}: {other}", name(&case)),
        }
    }
    say(&format!("wire_vectors: peers.unpack: {either} may be either"));
}

#[test]
fn wire_vectors_peers_messages() {
    for case in cases("peers", "messages") {
        let encoded = bytes(&case["bytes"]);
        let peer = Peer::new(bytes(&case["id"])).with_data(bytes(&case["data"]));
        let code = u8::try_from(case["type"].as_u64().unwrap()).unwrap();
        let message_type = MessageType::from_code(code).unwrap();
        let content = PackifyPeers.pack(&peer);
        let message = Message::new(message_type, bytes(&case["app_id"]), &content).unwrap();
        assert_eq!(message.encode().unwrap(), encoded, "{}", name(&case));
        let decoded = Message::decode(&encoded, &TypeSet::BASE).unwrap();
        assert_eq!(PackifyPeers.unpack(decoded.content()), Some(peer), "{}", name(&case));
    }
}
