//! The cases recorded from the original's plugin.

use netaio::{
    plugin::{AuthPlugin, Direction, Environment, PeerView, PluginContext, TapescriptAuth},
    tapescript::{Script, SigFlags, tools},
    wire::{
        AuthFields, Body,
        packify::{Integer, Value, encode},
    },
};
use num_bigint::BigInt;
use serde_json::Value as Json;

use crate::{
    host,
    support::{At, Report, cases, float, hex, list, say, tagged, to_hex},
};

#[derive(Debug)]
struct Clock(u64);

impl Environment for Clock {
    fn unix_time(&self) -> u64 {
        self.0
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// What is allowed to differ, and how often it did.
#[derive(Default)]
struct Deviations {
    /// Fields that are no bytes, or times that are no number: refused, where the original takes
    /// some and raises on others.
    types: usize,
    /// Holes of the original that are shut.
    closed: usize,
    /// Cases that can't be written with our types: a seed of 31 bytes, fields that are no map.
    ruled_out: usize,
}

#[test]
fn tapescript_vectors_plugin() {
    let mut report = Report::default();
    let mut deviations = Deviations::default();
    for case in cases("netaio_auth") {
        let result = match case["kind"].as_str() {
            Some("make") => make(&case, &mut deviations),
            Some("check") => check(&case, &mut deviations),
            other => panic!("unknown kind {other:?}"),
        };
        report.check(&case, result);
    }
    say(&format!(
        "tapescript_vectors: plugin: {} of wrong types refused, {} closed, {} ruled out by types",
        deviations.types, deviations.closed, deviations.ruled_out
    ));
    report.finish();
}

fn plugin(case: &Json) -> Option<TapescriptAuth> {
    let config = &case["config"];
    let seed = hex(&config["seed"]).try_into().ok()?;
    let stubs = host::machine(&serde_json::json!({
        "now": case["now"], "contracts": config["contracts"], "plugins": config["plugins"],
    }));
    let mut plugin = TapescriptAuth::new(&seed, Script::new(hex(&config["lock"]))).machine(stubs);
    if let Some(name) = config["witness_field"].as_str() {
        plugin = plugin.field(name);
    }
    if let Some(name) = config["nonce_field"].as_str() {
        plugin = plugin.nonce_field(name);
    }
    if let Some(name) = config["ts_field"].as_str() {
        plugin = plugin.ts_field(name);
    }
    if config["use_peer_lock"] == true {
        plugin = plugin.peer_locks(|_, _| true);
    }
    Some(match config["witness_fn"].as_str() {
        None => plugin,
        Some("make_single_sig_witness2") => {
            plugin.witness(|seed, fields| tools::single_sig_witness2(seed, fields, SigFlags::NONE))
        }
        Some("make_graftroot_witness_keyspend") => plugin.witness(|seed, fields| {
            let signature = tools::single_sig_witness(seed, fields, SigFlags::NONE)?;
            Ok(signature + Script::new(vec![0]))
        }),
        Some("make_graftap_witness_keyspend") => plugin.witness(|seed, fields| {
            let key = netaio::tapescript::crypto::public_key(seed);
            let surrogate = [&[0x1d, 0x34, 1, 2, 3, 0x20], &key[..], &[0x4a, 0x20, 0x2d]].concat();
            let commitment = Script::new(surrogate).commitment();
            tools::taproot_key_witness(seed, fields, &commitment, SigFlags::NONE)
        }),
        Some(other) => panic!("unknown witness {other}"),
    })
}

/// A typed value, as peers send it.
fn packed(json: &Json) -> Value {
    let (kind, content) = json.as_object().and_then(|object| object.iter().next()).unwrap();
    match kind.as_str() {
        "none" => Value::None,
        "bool" => Value::Bool(content.as_bool().unwrap()),
        "int" => {
            let number: BigInt = content.as_str().unwrap().parse().unwrap();
            let (sign, magnitude) = number.to_bytes_be();
            Value::Int(Integer::from_parts(sign == num_bigint::Sign::Minus, &magnitude))
        }
        "float" => Value::Float(float(content)),
        "str" => Value::Str(content.as_str().unwrap().into()),
        "bytes" => Value::Bytes(hex(content).into()),
        "bytearray" => Value::ByteArray(hex(content).into()),
        "list" => Value::List(list(content).iter().map(packed).collect()),
        "dict" => {
            let pairs = list(content).iter();
            Value::Dict(pairs.map(|pair| (packed(&pair[0]), packed(&pair[1]))).collect())
        }
        other => panic!("unknown type {other}"),
    }
}

fn fields(json: &Json) -> AuthFields {
    let mut fields = AuthFields::new();
    for pair in list(json) {
        fields.set_value(pair[0].as_str().unwrap(), &packed(&pair[1])).unwrap();
    }
    fields
}

fn body(case: &Json) -> Body {
    let body = Body::new(hex(&case["uri"]), hex(&case["content"])).unwrap();
    assert_eq!(body.encoded()[..], hex(&case["body"]));
    body
}

fn make(case: &Json, deviations: &mut Deviations) -> Result<(), String> {
    let Some(plugin) = plugin(case) else {
        deviations.ruled_out += 1;
        return if case["expect"]["ok"] == false { Ok(()) } else { Err("ruled out".into()) };
    };
    let clock = Clock(At::of(case).0.try_into().unwrap());
    let kind = netaio::MessageType::CreateUri;
    let context = PluginContext::new(&clock, kind, Direction::Outgoing);
    let mut made = fields(&case["fields"]);
    let result = plugin.make(&mut made, &body(case), &context);
    let expect = &case["expect"];
    if let Err(error) = result {
        return if expect["ok"] == false { Ok(()) } else { Err(format!("{error}")) };
    }
    if expect["ok"] == false {
        return Err("made, where the original fails".into());
    }
    if let Some(expected) = expect["packed_fields"].as_str() {
        let mut out = bytes::BytesMut::new();
        made.encode_into(&mut out).unwrap();
        if to_hex(&out) != expected {
            return Err(format!("{}, not {expected}", to_hex(&out)));
        }
        return Ok(());
    }
    // Without a given nonce the original's is random: a case tells only the lengths, and what we
    // made must pass our own check.
    let received = PluginContext::new(&clock, kind, Direction::Incoming);
    plugin.check(&made, &body(case), &received).map(drop).map_err(|failure| failure.to_string())
}

fn check(case: &Json, deviations: &mut Deviations) -> Result<(), String> {
    if case.get("fields").is_none() {
        deviations.ruled_out += 1;
        return Ok(());
    }
    let plugin = plugin(case).ok_or("no seed")?;
    let clock = Clock(At::of(case).0.try_into().unwrap());
    let data = case.get("peer_data").map(|data| encode(&packed(data)).unwrap());
    let kind = netaio::MessageType::CreateUri;
    let mut context = PluginContext::new(&clock, kind, Direction::Incoming);
    if let Some(data) = &data {
        context = context.with_peer(PeerView { id: b"peer", data });
    }
    let passes = plugin.check(&fields(&case["fields"]), &body(case), &context).is_ok();
    // What the original raises on must be refused.
    let expected = case["expect"]["result"] == true;
    if passes == expected {
        return Ok(());
    }
    if expected && of_wrong_type(case) {
        deviations.types += 1;
        return Ok(());
    }
    if expected && tagged(case, "security") {
        deviations.closed += 1;
        return Ok(());
    }
    Err(format!("passes: {passes}, not {}", case["expect"]))
}

/// Whether a field is no bytes, or the time no number.
fn of_wrong_type(case: &Json) -> bool {
    list(&case["fields"]).iter().any(|field| {
        let is = |kind: &str| field[1].get(kind).is_some();
        let numbered = field[0] == "ts" && is("int");
        !is("bytes") && !numbered
    })
}
