//! Any bytes decode or fail; what decodes has one canonical form, which decodes to itself.

use netaio::wire::packify::{decode, encode};

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Ok(value) = decode(bytes) else { return };
    let canonical = encode(&value).expect("what was read can be written");
    let again = decode(&canonical).expect("what was written can be read");
    assert_eq!(encode(&again).expect("again"), canonical);
}
