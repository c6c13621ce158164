//! Single scripts: what they leave on the stack, in the cache and in the flags.

use serde_json::Value as Json;
use tapescript::{Cache, Flags, Key, Run, Value};

use crate::host::{machine, stack};
use crate::support::{
    At, Report, cache, cases, flags, hex, list, pairs, same_error, tagged, to_hex,
};

#[test]
fn tapescript_vectors_opcodes() {
    run("opcodes");
}

#[test]
fn tapescript_vectors_control() {
    run("control");
}

#[test]
fn tapescript_vectors_random_programs() {
    run("random_programs");
}

#[test]
fn tapescript_vectors_upstream_vm() {
    run("upstream");
}

fn run(file: &str) {
    let mut report = Report::default();
    let mut ran = 0;
    for case in cases(file) {
        if case.get("kind").is_none_or(|kind| kind == "vm") {
            ran += 1;
            report.check(&case, check(&case));
        }
    }
    report.finish();
    assert!(
        ran > 0 || std::env::var_os("NETAIO_VECTORS").is_some(),
        "{file} has cases of this kind"
    );
}

fn check(case: &Json) -> Result<(), String> {
    let machine = machine(case);
    let mut before = cache(case);
    if before.get(&"timestamp".into()).is_none() && case["no_timestamp"] != true {
        before.insert("timestamp", At::of(case).0);
    }
    let run =
        machine.run_with(&hex(&case["script"]), stack(case, &machine), before.clone(), flags(case));
    compare(case, &run, &before)
}

fn compare(case: &Json, run: &Run, before: &Cache) -> Result<(), String> {
    let expect = &case["expect"];
    match &run.result {
        Ok(()) if expect["ok"] == true => {}
        Err(error) if expect["ok"] == false => {
            // Where the reference stops at a limit of its runtime, any error will do.
            if !tagged(case, "impl_limit") {
                same_error(&expect["error"], error)?;
            }
        }
        other => return Err(format!("{other:?}, not {}", expect["error"])),
    }
    if tagged(case, "impl_limit") {
        return Ok(());
    }
    let items: Vec<String> = run.stack.items().iter().map(|item| to_hex(item)).collect();
    let expected: Vec<&str> = list(&expect["stack"]).iter().filter_map(Json::as_str).collect();
    if items != expected {
        return Err(format!("stack {items:?}, not {expected:?}"));
    }
    let mut entries = before.clone();
    for (key, value) in pairs(&expect["cache"]) {
        entries.insert(key, value);
    }
    for key in list(&expect["cache_removed"]) {
        entries.remove(&crate::support::key(key));
    }
    let shown = |cache: &Cache| {
        cache.iter().map(|(key, value)| format!("{key:?}: {value:?}")).collect::<Vec<_>>()
    };
    if shown(&run.cache) != shown(&entries) {
        return Err(format!("cache {:?}, not {:?}", shown(&run.cache), shown(&entries)));
    }
    if let Some(flags) = expect.get("flags") {
        same_flags(flags, &run.flags)?;
    }
    Ok(())
}

/// The files list all flags, we those that differ from the defaults.
fn same_flags(expected: &Json, flags: &Flags) -> Result<(), String> {
    let default = |key: &Key| match key {
        Key::Text(name) if name == "ts_threshold" || name == "epoch_threshold" => {
            Some(Value::from(60))
        }
        Key::Int(0..=10) => Some(Value::Bool(true)),
        _ => None,
    };
    for (key, value) in pairs(expected) {
        let got = flags.iter().find(|(known, _)| **known == key).map(|(_, value)| value.clone());
        if got.or_else(|| default(&key)).as_ref() != Some(&value) {
            return Err(format!("flag {key:?} is not {value:?} in {flags:?}"));
        }
    }
    match flags.iter().find(|(key, _)| !pairs(expected).any(|(known, _)| known == **key)) {
        Some((key, _)) => Err(format!("flag {key:?} is set")),
        None => Ok(()),
    }
}
