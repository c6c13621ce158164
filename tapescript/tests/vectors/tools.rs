//! Locks and witnesses: their bytes, and what they open.

mod arguments;
mod calls;

use serde_json::Value as Json;

use crate::auth;
use crate::support::{Report, cases, list, say};
use arguments::Untypable;

#[test]
fn tapescript_vectors_tools() {
    let mut report = Report::default();
    let mut counts = Counts::default();
    let cases = cases("tools");
    for case in &cases {
        match calls::run(case) {
            Ok(result) => {
                counts.ran += 1;
                report.check(case, compare(case, result, &mut counts));
            }
            Err(why) => report.check(case, counts.rule_out(case, why)),
        }
        for verify in list(&case["verify"]) {
            counts.verdicts += 1;
            report.check(case, auth::check(verify));
        }
    }
    counts.say();
    report.finish();
    assert_eq!(counts.ran + counts.refused_by_type + counts.negative_times, cases.len());
}

/// What became of the cases.
#[derive(Default)]
struct Counts {
    ran: usize,
    verdicts: usize,
    /// No call can be written with these values, which the reference refuses as well.
    refused_by_type: usize,
    /// The reference takes a negative time for another, which is positive. We have none.
    negative_times: usize,
    /// For the reference a certificate whose byte of rights is neither 00 nor ff does not delegate, for its lock it
    /// does. We say what the lock does.
    other_rights: usize,
}

impl Counts {
    fn rule_out(&mut self, case: &Json, why: Untypable) -> Result<(), String> {
        match why {
            Untypable::Value if case["expect"]["ok"] == false => self.refused_by_type += 1,
            Untypable::NegativeTime => self.negative_times += 1,
            Untypable::Value => {
                return Err("no call can be written, but the reference takes it".into());
            }
            Untypable::Function(name) => return Err(format!("there is no tool {name}")),
        }
        Ok(())
    }

    fn say(&self) {
        say(&format!(
            "tapescript_vectors: tools: {} calls with {} verdicts; {} refused by types as by the reference, \
             {} with negative times ruled out by types, {} with other rights of a certificate",
            self.ran, self.verdicts, self.refused_by_type, self.negative_times, self.other_rights
        ));
    }
}

fn compare(
    case: &Json,
    result: Result<Json, tapescript::Error>,
    counts: &mut Counts,
) -> Result<(), String> {
    let expect = &case["expect"];
    match result {
        Err(_) if expect["ok"] == false => Ok(()),
        Ok(result) if expect["ok"] == true => {
            if result == expect["result"] {
                return Ok(());
            }
            if has_other_rights(case, &result) {
                counts.other_rights += 1;
                return Ok(());
            }
            Err(format!("{result}, not {expect}"))
        }
        other => Err(format!("{other:?}, not {expect}")),
    }
}

/// Whether only the rights differ, of a certificate that no tool makes.
fn has_other_rights(case: &Json, result: &Json) -> bool {
    let Some(packed) = case["args"][0]["b"].as_str().filter(|_| case["fn"] == "Certificate.unpack")
    else {
        return false;
    };
    let mut expected = case["expect"]["result"].clone();
    expected["cert"]["can_further_delegate"] = true.into();
    !["00", "ff"].contains(&&packed[80..82]) && *result == expected
}
