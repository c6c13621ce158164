//! Reads the files: byte strings, typed values, cases.

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value as Json;
use tapescript::{Cache, Environment, Error, Flags, Key, Value, num::Int};

/// The folder of the files, and whether it was named.
fn folder() -> (PathBuf, bool) {
    if let Some(named) = std::env::var_os("NETAIO_VECTORS") {
        return (PathBuf::from(named).join("tapescript"), true);
    }
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = here.join("../../shared/vectors/tapescript");
    if shared.is_dir() {
        (shared, false)
    } else {
        (here.join("../tapescript/tests/vectors/data"), false)
    }
}

/// The cases of a file, and says how many there are. A file that a named folder lacks counts 0; ours must have it.
pub(crate) fn cases(file: &str) -> Vec<Json> {
    let (folder, named) = folder();
    let cases = match std::fs::read_to_string(folder.join(format!("{file}.json"))) {
        Ok(text) => {
            let json: Json = serde_json::from_str(&text).expect("the file is JSON");
            json["cases"].as_array().cloned().unwrap_or_default()
        }
        Err(_) => Vec::new(),
    };
    assert!(named || !cases.is_empty(), "{file} has cases in {}", folder.display());
    say(&format!("tapescript_vectors: {file}: {} cases", cases.len()));
    cases
}

/// Prints past the capture of the test harness: the counts are to be seen.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn tapescript_vectors_folder_has_cases() {
    let (folder, _) = folder();
    let count = std::fs::read_dir(&folder)
        .expect("the folder exists")
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .filter_map(|text| {
            serde_json::from_str::<Json>(&text).ok()?["cases"].as_array().map(Vec::len)
        })
        .sum::<usize>();
    assert!(count > 0, "no cases in {}", folder.display());
}

/// Collects what does not agree, and fails with the first of it.
#[derive(Default)]
pub(crate) struct Report {
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn check(&mut self, case: &Json, result: Result<(), String>) {
        if let Err(why) = result {
            self.failures.push(format!("{}: {why}", case["name"]));
        }
    }

    pub(crate) fn finish(self) {
        let shown: Vec<_> = self.failures.iter().take(12).cloned().collect();
        assert!(
            self.failures.is_empty(),
            "{} cases differ:\n{}",
            self.failures.len(),
            shown.join("\n")
        );
    }
}

pub(crate) fn hex(json: &Json) -> Vec<u8> {
    let text = json.as_str().unwrap_or_else(|| panic!("hex digits, not {json}"));
    (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).expect("hex digits"))
        .collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn float(json: &Json) -> f64 {
    f64::from_be_bytes(hex(json).try_into().expect("8 bytes"))
}

pub(crate) fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn tagged(case: &Json, tag: &str) -> bool {
    list(&case["tags"]).iter().any(|known| known == tag)
}

/// A typed value. Maps have no counterpart: scripts see as little of them as of nothing.
pub(crate) fn value(json: &Json) -> Value {
    let (kind, content) =
        json.as_object().and_then(|object| object.iter().next()).expect("a typed value");
    match kind.as_str() {
        "none" | "dict" => Value::None,
        "bool" => Value::Bool(content.as_bool().expect("a bool")),
        "int" => Value::Int(int(content)),
        "float" => Value::Float(float(content)),
        "str" => Value::Text(content.as_str().expect("a text").to_owned()),
        "bytes" => hex(content).into(),
        "bytearray" => Value::ByteArray(hex(content)),
        "list" => Value::List(list(content).iter().map(value).collect()),
        other => panic!("unknown type {other}"),
    }
}

pub(crate) fn int(json: &Json) -> Int {
    json.as_str().expect("decimal digits").parse().expect("decimal digits")
}

pub(crate) fn key(json: &Json) -> Key {
    match value(json) {
        Value::Bytes(key) => Key::Bytes(key),
        Value::Text(key) => Key::from(key),
        Value::Int(key) => Key::Int(key.to_i64().expect("a small number")),
        other => panic!("no key: {other:?}"),
    }
}

pub(crate) fn pairs(json: &Json) -> impl Iterator<Item = (Key, Value)> {
    list(json).iter().map(|pair| (key(&pair[0]), value(&pair[1])))
}

pub(crate) fn cache(case: &Json) -> Cache {
    pairs(&case["cache"]).fold(Cache::new(), |cache, (key, value)| cache.with(key, value))
}

pub(crate) fn flags(case: &Json) -> Flags {
    pairs(&case["flags"]).fold(Flags::new(), |flags, (key, value)| flags.with(key, value))
}

/// Compares an error. All texts are compared, those of the reference's runtime as well.
pub(crate) fn same_error(expected: &Json, error: &Error) -> Result<(), String> {
    let expected =
        (expected["class"].as_str().unwrap_or(""), expected["message"].as_str().unwrap_or(""));
    let got = (error.kind().name(), error.message());
    if expected == got { Ok(()) } else { Err(format!("error {got:?}, not {expected:?}")) }
}

/// A clock that stands still.
#[derive(Clone, Copy)]
pub(crate) struct At(pub(crate) i64);

impl At {
    pub(crate) fn of(case: &Json) -> Self {
        let now = &case["now"];
        #[allow(clippy::cast_possible_truncation, reason = "seconds are wanted")]
        let now = now.as_i64().unwrap_or_else(|| now.as_f64().unwrap_or(1_700_000_000.0) as i64);
        Self(now)
    }
}

impl Environment for At {
    fn now(&self) -> i64 {
        self.0
    }

    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}
