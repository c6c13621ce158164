//! The golden data of the plugins' building blocks, which only tests within the crate can reach.
//!
//! The others are in `tests/wire_vectors`, which says where the files are read from.

use std::{io::Write, path::Path};

use serde_json::Value as Json;

/// Returns the cases of a list of `crypto.json`, and says how many there are.
pub(crate) fn cases(list: &str) -> Vec<Json> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("NETAIO_VECTORS");
    let folder = match &named {
        Some(named) => Path::new(named).join("wire"),
        None => here.join("tests/vectors/wire"),
    };
    let json: Json = std::fs::read(folder.join("crypto.json"))
        .map(|text| serde_json::from_slice(&text).expect("the file is JSON"))
        .unwrap_or_default();
    let cases = json[list].as_array().cloned().unwrap_or_default();
    assert!(named.is_some() || !cases.is_empty(), "crypto.{list} has cases");
    // Past the capture of the test harness: the counts are to be seen.
    let _ = writeln!(std::io::stderr(), "wire_vectors: crypto.{list}: {} cases", cases.len());
    cases
}

/// Reads hex text.
pub(crate) fn hex(json: &Json) -> Vec<u8> {
    let text = json.as_str().expect("hex text");
    let digits = |index| u8::from_str_radix(&text[index..index + 2], 16).expect("hex digits");
    (0..text.len()).step_by(2).map(digits).collect()
}

/// Reads hex text of a known length.
pub(crate) fn hex_array<const N: usize>(json: &Json) -> [u8; N] {
    hex(json).try_into().expect("the length is as known")
}
