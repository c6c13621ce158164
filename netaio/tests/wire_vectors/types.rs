use std::collections::HashSet;

use netaio::wire::{MessageType, TypeSet};
use serde_json::Value as Json;

use super::support::{cases, name, say};

#[test]
fn wire_vectors_message_types_defaults() {
    let defaults = cases("message_types", "default_types");
    for case in &defaults {
        let code = u8::try_from(case["value"].as_u64().unwrap()).unwrap();
        let message_type = MessageType::from_code(code).expect("a base type");
        assert_eq!((message_type.name(), message_type.code()), (name(case), code));
    }
    if !defaults.is_empty() {
        assert_eq!(defaults.len(), MessageType::BASE.len());
    }
}

#[test]
fn wire_vectors_message_types_make_class() {
    check("make_class", "new", |members| TypeSet::with_types(members).is_ok());
}

#[test]
fn wire_vectors_message_types_validate_class() {
    check("validate_class", "members", |members| TypeSet::from_members(members).is_ok());
}

/// Rule: where two names share a number Python sees an alias and goes on; we refuse.
fn check(list: &str, key: &str, accepts: impl Fn(Vec<(String, i64)>) -> bool) {
    let mut aliases = 0;
    for case in cases("message_types", list) {
        let members = case[key].as_object().cloned().unwrap_or_default();
        let number = |json: &Json| json.as_i64().unwrap_or(i64::MAX);
        let members: Vec<_> =
            members.into_iter().map(|(name, json)| (name, number(&json))).collect();
        let numbers: HashSet<_> = members.iter().map(|(_, number)| *number).collect();
        let accepted = accepts(members.clone());
        if numbers.len() < members.len() {
            aliases += 1;
            assert!(!accepted, "{}", name(&case));
        } else {
            assert_eq!(accepted, case["ok"].as_bool().unwrap(), "{}", name(&case));
        }
    }
    say(&format!("wire_vectors: message_types.{list}: {aliases} with a number twice, refused"));
}
