//! What the binding MAC covers. The numbers of tests are those of the threat table.

use netaio::{
    plugin::{
        AuthFailure, AuthPlugin, Binding, Direction, HmacAuth, Layer, OpenError, PluginContext,
        Role, Sha256StreamCipher, System,
    },
    wire::{AuthFields, Body, MessageType},
};

const SECRET: &str = "a secret of sixteen";

fn plugin(binding: Binding) -> HmacAuth {
    HmacAuth::new(SECRET).binding(binding)
}

fn context(kind: MessageType, role: Role, direction: Direction) -> PluginContext<'static> {
    PluginContext::new(&System, kind, direction).with_role(role)
}

/// A request on its way from a client to a server.
fn sent() -> PluginContext<'static> {
    context(MessageType::RequestUri, Role::Client, Direction::Outgoing)
}

fn received() -> PluginContext<'static> {
    context(MessageType::RequestUri, Role::Server, Direction::Incoming)
}

fn body() -> Body {
    Body::new("uri", "content").unwrap()
}

fn made(binding: Binding) -> AuthFields {
    let mut fields = AuthFields::new();
    fields.set("iv", &[7; 16]);
    plugin(binding).make(&mut fields, &body(), &sent()).unwrap();
    fields
}

fn check(binding: Binding, fields: &AuthFields) -> Result<(), AuthFailure> {
    plugin(binding).check(fields, &body(), &received()).map(drop)
}

#[test]
fn nodes_are_changed_over_in_two_steps_and_never_silently_back() {
    use Binding::{Off, Offer, Require};
    let missing = |field: &str| Err(AuthFailure::Missing(field.into()));
    for (from, to, expected) in [
        (Off, Off, Ok(())),
        (Off, Offer, Ok(())),
        (Offer, Off, Ok(())),
        (Offer, Offer, Ok(())),
        (Offer, Require, Ok(())),
        (Require, Offer, Ok(())),
        (Require, Require, Ok(())),
        (Off, Require, missing("hmac_bind")),
        (Require, Off, missing("hmac")),
    ] {
        assert_eq!(check(to, &made(from)), expected, "{from:?} to {to:?}");
    }
}

#[test]
fn a6_type_and_direction_are_bound() {
    use Direction::{Incoming, Outgoing};
    for (role, kind) in [
        (Role::Server, MessageType::DeleteUri),
        (Role::Client, MessageType::RequestUri),
        (Role::Node, MessageType::RequestUri),
    ] {
        let context = context(kind, role, Incoming);
        for binding in [Binding::Offer, Binding::Require] {
            let checked = plugin(binding).check(&made(binding), &body(), &context);
            assert_eq!(checked, Err(AuthFailure::Mismatch), "{role:?} {kind}");
        }
        assert!(plugin(Binding::Off).check(&made(Binding::Off), &body(), &context).is_ok());
    }
    // A node's datagram goes to a node, and a server's answer to a client.
    for (from, to) in [(Role::Node, Role::Node), (Role::Server, Role::Client)] {
        let mut fields = AuthFields::new();
        let (sent, received) =
            (context(MessageType::Ok, from, Outgoing), context(MessageType::Ok, to, Incoming));
        plugin(Binding::Require).make(&mut fields, &body(), &sent).unwrap();
        assert!(plugin(Binding::Require).check(&fields, &body(), &received).is_ok());
    }
}

#[test]
fn a9_every_field_that_was_there_is_bound_and_others_may_be_added() {
    for binding in [Binding::Offer, Binding::Require] {
        for name in ["iv", "nonce", "ts"] {
            let mut fields = made(binding);
            let mut value = fields.get(name).unwrap().bytes().unwrap().to_vec();
            value[0] ^= 1;
            fields.set(name, &value);
            assert_eq!(check(binding, &fields), Err(AuthFailure::Mismatch), "{name}");
        }
        let mut fields = made(binding);
        assert!(fields.remove("iv"));
        assert_eq!(check(binding, &fields), Err(AuthFailure::Mismatch));
        // As an outer layer does.
        let mut fields = made(binding);
        fields.set("another", b"layer");
        assert_eq!(check(binding, &fields), Ok(()));
    }
}

#[test]
fn a9_a_swapped_iv_does_not_reach_the_cipher() {
    let layer = |binding| {
        Layer::new().auth(plugin(binding)).cipher(Sha256StreamCipher::new("the cipher's own key"))
    };
    for binding in [Binding::Off, Binding::Require] {
        let layer = layer(binding);
        let mut fields = AuthFields::new();
        let sealed = layer.seal(&mut fields, body(), &sent()).unwrap();
        assert_eq!(layer.open(&fields, sealed.clone(), &received()), Ok(body()));
        fields.set("iv", &[9; 16]);
        let opened = layer.open(&fields, sealed, &received());
        match binding {
            Binding::Require => {
                assert_eq!(opened, Err(OpenError::Auth(AuthFailure::Mismatch)));
            }
            // Garbage, which the cipher refuses if it is lucky.
            _ => assert_ne!(opened, Ok(body())),
        }
    }
}

#[test]
fn the_list_of_what_is_bound_can_t_be_changed() {
    let genuine = made(Binding::Require);
    let value = genuine.get("hmac_bind").unwrap().bytes().unwrap().to_vec();
    let (mac, names) = value.split_at(32);
    assert_eq!(names, b"\x02iv\x05nonce\x02ts");
    let with = |names: &[u8]| {
        let mut fields = genuine.clone();
        fields.set("hmac_bind", &[mac, names].concat());
        check(Binding::Require, &fields)
    };
    assert_eq!(with(names), Ok(()));
    assert_eq!(with(b"\x05nonce\x02ts"), Err(AuthFailure::Mismatch));
    assert_eq!(with(b"\x02iv\x05nonce\x02ts\x02tt"), Err(AuthFailure::Mismatch));
    let malformed = Err(AuthFailure::Malformed("hmac_bind".into()));
    for names in [
        &b""[..],
        b"\x02iv\x05nonce",
        b"\x02ts\x05nonce\x02iv",
        b"\x02ts\x02ts",
        b"\x02iv\x05nonce\x03ts",
        b"\x02\xff\xff\x02ts",
    ] {
        assert_eq!(with(names), malformed, "{}", names.escape_ascii());
    }
    for value in [&mac[..31], b""] {
        let mut fields = genuine.clone();
        fields.set("hmac_bind", value);
        assert_eq!(check(Binding::Require, &fields), malformed);
    }
}

#[test]
fn a5_a_message_with_both_macs_is_one_message() {
    let offer = plugin(Binding::Offer);
    let (both, mut stripped) = (made(Binding::Offer), made(Binding::Offer));
    assert_ne!(offer.fingerprint(&both, &body()), offer.fingerprint(&stripped, &body()));
    stripped = both.clone();
    stripped.remove("hmac_bind");
    assert_eq!(check(Binding::Offer, &stripped), Ok(()), "an offer can be stripped");
    assert_eq!(offer.fingerprint(&both, &body()), offer.fingerprint(&stripped, &body()));
    // One that has no plain MAC can't be given any.
    let mut added = made(Binding::Require);
    added.set("hmac", &[7; 32]);
    assert_eq!(check(Binding::Offer, &added), Err(AuthFailure::Mismatch));
}
