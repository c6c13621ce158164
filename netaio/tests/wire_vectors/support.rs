//! Reads the files: byte strings, tagged values, cases.

use std::{io::Write, path::PathBuf, sync::Mutex};

use netaio::{
    plugin::Environment,
    wire::packify::{Decimal, Integer, Value},
};
use num_bigint::BigInt;
use serde_json::Value as Json;

/// Returns the folder of the files, and whether it was named.
fn folder() -> (PathBuf, bool) {
    if let Some(named) = std::env::var_os("NETAIO_VECTORS") {
        return (PathBuf::from(named).join("wire"), true);
    }
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = here.join("../../shared/vectors/wire");
    if shared.is_dir() { (shared, false) } else { (here.join("tests/vectors/wire"), false) }
}

/// Returns the cases of a list, and says how many there are.
///
/// A list that a named folder lacks counts 0; ours must have it.
pub fn cases(file: &str, list: &str) -> Vec<Json> {
    let (folder, named) = folder();
    let cases = match std::fs::read_to_string(folder.join(format!("{file}.json"))) {
        Ok(text) => {
            let json = parse(&text).expect("the file is JSON");
            json[list].as_array().cloned().unwrap_or_default()
        }
        Err(_) => Vec::new(),
    };
    assert!(named || !cases.is_empty(), "{file}.{list} has cases");
    say(&format!("wire_vectors: {file}.{list}: {} cases", cases.len()));
    cases
}

/// Parses a file; some cases nest deeper than the parser allows by default.
fn parse(text: &str) -> serde_json::Result<Json> {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut parser)
}

/// Prints past the capture of the test harness: the counts are to be seen.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn wire_vectors_folder_has_cases() {
    let (folder, _) = folder();
    let files = std::fs::read_dir(&folder).expect("the folder exists").flatten();
    let count: usize = files
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .filter_map(|text| parse(&text).ok()?.as_object().cloned())
        .flat_map(|json| json.into_iter().filter_map(|(_, list)| Some(list.as_array()?.len())))
        .sum();
    say(&format!("wire_vectors: {} holds {count} cases", folder.display()));
    assert!(count > 0, "{} has no cases", folder.display());
}

/// A file that has lost cases would pass all the same.
#[test]
fn wire_vectors_of_the_project_are_all_there() {
    let sizes = [
        ("body", 31),
        ("crypto", 38),
        ("dispatch", 45),
        ("frames", 147),
        ("header", 33),
        ("helpers", 44),
        ("hmac", 180),
        ("layers", 40),
        ("message", 46),
        ("message_types", 46),
        ("packify", 250),
        ("stream_cipher", 68),
        ("x25519", 69),
    ];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/wire");
    for (file, size) in sizes {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let lists = parse(&text).unwrap();
        let lists = lists.as_object().unwrap().values().filter_map(Json::as_array);
        assert_eq!(lists.map(Vec::len).sum::<usize>(), size, "{file}");
    }
}

/// Returns a case's name, for messages.
pub fn name(case: &Json) -> &str {
    case["name"].as_str().expect("a case has a name")
}

/// Reads bytes: hex text, or a list of hex texts and runs of one byte.
pub fn bytes(json: &Json) -> Vec<u8> {
    match json {
        Json::String(text) => hex(text),
        Json::Array(parts) => parts.iter().flat_map(bytes).collect(),
        Json::Object(run) => {
            let times = run["times"].as_u64().expect("a run has a length");
            hex(run["repeat"].as_str().expect("a run has a byte")).repeat(times as usize)
        }
        other => panic!("{other} is not bytes"),
    }
}

pub fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "hex text has pairs of digits");
    let digits = |index: usize| u8::from_str_radix(&text[index..index + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Reads a tagged value.
pub fn value(json: &Json) -> Value {
    let items = || -> Vec<Value> {
        match (&json["repeat"], json["times"].as_u64()) {
            (Json::Null, _) => json["v"].as_array().expect("items").iter().map(value).collect(),
            (item, times) => vec![value(item); times.expect("times") as usize],
        }
    };
    match json["t"].as_str().expect("a value has a tag") {
        "none" => Value::None,
        "bool" => Value::Bool(json["v"].as_bool().expect("bool")),
        "int" => {
            let number: BigInt = json["v"].as_str().expect("digits").parse().expect("an integer");
            let (sign, magnitude) = number.to_bytes_be();
            Value::Int(Integer::from_parts(sign == num_bigint::Sign::Minus, &magnitude))
        }
        "float" => {
            let bits = bytes(&json["bits"]).try_into().expect("8 bytes");
            Value::Float(f64::from_be_bytes(bits))
        }
        "decimal" => {
            Value::Decimal(Decimal::new(json["v"].as_str().expect("text")).expect("a decimal"))
        }
        "bytes" => Value::Bytes(bytes(&json["v"]).into()),
        "bytearray" => Value::ByteArray(bytes(&json["v"]).into()),
        "str" => match &json["s"] {
            Json::String(text) => Value::Str(text.clone()),
            _ => Value::Str(String::from_utf8(bytes(&json["v"])).expect("UTF-8")),
        },
        "list" => Value::List(items()),
        "tuple" => Value::Tuple(items()),
        "set" => Value::Set(items()),
        "dict" => {
            let pairs = json["v"].as_array().expect("pairs").iter();
            Value::Dict(pairs.map(|pair| (value(&pair[0]), value(&pair[1]))).collect())
        }
        other => panic!("unknown tag {other}"),
    }
}

/// Reads a field map: bytes, or tagged values.
pub fn field_map(json: &Json) -> Value {
    let Some(map) = json.as_object() else { return Value::Dict(Vec::new()) };
    let field = |json: &Json| match json.get("t") {
        Some(_) => value(json),
        None => Value::Bytes(bytes(json).into()),
    };
    Value::Dict(map.iter().map(|(name, json)| (name.as_str().into(), field(json))).collect())
}

/// A clock that stands still and randomness that is given.
#[derive(Debug)]
pub struct Recorded {
    time: u64,
    draws: Mutex<Vec<Vec<u8>>>,
}

impl Recorded {
    pub fn new(case: &Json) -> Self {
        let draws = case["draws"].as_array().cloned().unwrap_or_default();
        let mut draws: Vec<_> = draws.iter().map(draw).collect();
        draws.reverse();
        Self { time: case["time"].as_u64().unwrap_or(0), draws: Mutex::new(draws) }
    }

    /// Returns how many recorded draws were not asked for.
    pub fn left(&self) -> usize {
        self.draws.lock().unwrap().len()
    }
}

/// Reads a draw. The place where a sealed uri is cut, counted from 1, is a number of 4 bytes here.
fn draw(json: &Json) -> Vec<u8> {
    match json[0].as_str().expect("a draw has a kind") {
        "bytes" => bytes(&json[1]),
        "int" => (json[1].as_u64().expect("a place") as u32 - 1).to_be_bytes().into(),
        other => panic!("unknown draw {other}"),
    }
}

impl Environment for Recorded {
    fn unix_time(&self) -> u64 {
        self.time
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let draw = self.draws.lock().unwrap().pop().expect("a draw is recorded");
        bytes.copy_from_slice(&draw);
    }
}
