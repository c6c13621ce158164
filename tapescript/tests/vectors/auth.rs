//! Sequences of scripts, and whether the last of them, the lock, opens.

use serde_json::Value as Json;

use crate::host::machine;
use crate::support::{Report, cache, cases, hex, list, same_error, say, tagged};

#[test]
fn tapescript_vectors_auth() {
    run("auth");
}

#[test]
fn tapescript_vectors_soft_fork() {
    run("soft_fork");
}

#[test]
fn tapescript_vectors_upstream_auth() {
    run("upstream");
}

/// Each case is run twice: with the reference's switches, where the verdict is the recorded one, and with ours, where
/// only cases about the reference's holes may differ, and only towards closed.
fn run(file: &str) {
    let mut report = Report::default();
    let mut ran = 0;
    let mut guarded = 0;
    for case in cases(file) {
        if case.get("kind").is_some_and(|kind| kind != "auth") {
            continue;
        }
        ran += 1;
        report.check(&case, check(&case));
        guarded += usize::from(case["expect"] != ours(&case));
    }
    report.finish();
    say(&format!(
        "tapescript_vectors: {file}: {ran} verdicts, {guarded} closed by default where the reference opens"
    ));
    assert!(
        ran > 0 || std::env::var_os("NETAIO_VECTORS").is_some(),
        "{file} has cases of this kind"
    );
}

/// Runs a sequence with the reference's switches, and with ours.
pub(crate) fn check(case: &Json) -> Result<(), String> {
    let expected = case["expect"].as_bool().expect("a verdict");
    let reference = machine(case).with_marker_across_scripts(true);
    reason(case, expected, &reference.verdict(&scripts(case), cache(case)))?;
    let ours = ours(case);
    if ours == expected || (expected && tagged(case, "security")) {
        Ok(())
    } else {
        Err(format!("by default {ours}"))
    }
}

fn ours(case: &Json) -> bool {
    machine(case).unlocks(&scripts(case), cache(case))
}

fn scripts(case: &Json) -> Vec<Vec<u8>> {
    list(&case["scripts"]).iter().map(hex).collect()
}

fn reason(case: &Json, expected: bool, verdict: &tapescript::Verdict) -> Result<(), String> {
    if verdict.unlocked != expected {
        return Err(format!("{verdict:?}, not {expected}"));
    }
    let why = &case["why"];
    match (&verdict.error, why.get("error")) {
        (None, None) => Ok(()),
        (Some(_), Some(_)) if tagged(case, "impl_limit") => Ok(()),
        (Some(error), Some(expected)) => same_error(expected, error),
        (got, expected) => Err(format!("{got:?}, not {expected:?}")),
    }
}
