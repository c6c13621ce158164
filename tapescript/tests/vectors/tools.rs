//! Locks and witnesses: their bytes, and what they open.

use serde_json::Value as Json;
use tapescript::tools::{self, Ending};
use tapescript::{Error, Fields, Script, SigFlags};

use crate::auth;
use crate::support::{Report, cases, hex, list, say, to_hex};

/// Why a case is not run.
enum Skip {
    /// A value that no call can be written with.
    Type,
    /// A tool that is not there yet.
    Missing,
}

#[test]
fn tapescript_vectors_tools() {
    let mut report = Report::default();
    let (mut ran, mut verdicts, mut typed, mut missing) = (0, 0, 0, 0);
    for case in cases("tools") {
        let call = Call(&case);
        let result = match call.run() {
            Ok(result) => result,
            Err(Skip::Type) => {
                // What the types rule out, the reference refuses, or takes for something else.
                typed += 1;
                continue;
            }
            Err(Skip::Missing) => {
                missing += 1;
                continue;
            }
        };
        ran += 1;
        let expect = &case["expect"];
        report.check(
            &case,
            match result {
                Ok(script)
                    if expect["ok"] == true
                        && expect["result"]["script"] == to_hex(script.as_bytes()) =>
                {
                    Ok(())
                }
                Err(_) if expect["ok"] == false => Ok(()),
                other => Err(format!("{other:?}, not {expect}")),
            },
        );
        for verify in list(&case["verify"]) {
            verdicts += 1;
            report.check(&case, auth::check(verify));
        }
    }
    say(&format!(
        "tapescript_vectors: tools: {ran} calls with {verdicts} verdicts; {typed} ruled out by types, {missing} tools missing"
    ));
    report.finish();
    assert!(ran > 0 || std::env::var_os("NETAIO_VECTORS").is_some(), "there are tools");
}

struct Call<'a>(&'a Json);

impl Call<'_> {
    fn arg(&self, index: usize, name: &str) -> &Json {
        match self.0["kwargs"].get(name) {
            Some(value) => value,
            None => &self.0["args"][index],
        }
    }

    fn key(&self, index: usize) -> Result<[u8; 32], Skip> {
        bytes(&self.0["args"][index])?.try_into().map_err(|_| Skip::Type)
    }

    /// The flags are the last argument of all tools.
    fn flags(&self, index: usize) -> Result<SigFlags, Skip> {
        match self.arg(index, "sigflags") {
            Json::Null => Ok(SigFlags::NONE),
            Json::String(text) if text.is_empty() => Ok(SigFlags::NONE),
            flags => match hex(flags)[..] {
                [flags] => Ok(SigFlags(flags)),
                _ => Err(Skip::Type),
            },
        }
    }

    fn time(&self, index: usize) -> Result<u64, Skip> {
        self.0["args"][index].as_u64().ok_or(Skip::Type)
    }

    fn ending(&self, index: usize) -> Ending {
        if *self.arg(index, "verify") == true { Ending::Verify } else { Ending::Put }
    }

    /// A script, or its commitment.
    fn commitment(&self, index: usize) -> Result<[u8; 32], Skip> {
        let script = self.arg(index, "committed_script");
        if let Some(code) = script.get("script") {
            return Ok(Script::new(hex(code)).commitment());
        }
        bytes(self.arg(index + 1, "script_commitment"))?.try_into().map_err(|_| Skip::Type)
    }

    fn run(&self) -> Result<Result<Script, Error>, Skip> {
        Ok(match self.0["fn"].as_str().expect("a function") {
            "make_single_sig_lock" => Ok(tools::single_sig_lock(&self.key(0)?, self.flags(1)?)),
            "make_single_sig_lock2" => Ok(tools::single_sig_lock2(&self.key(0)?, self.flags(1)?)),
            "make_single_sig_witness" => {
                tools::single_sig_witness(&self.key(0)?, &self.fields(1)?, self.flags(2)?)
            }
            "make_single_sig_witness2" => {
                tools::single_sig_witness2(&self.key(0)?, &self.fields(1)?, self.flags(2)?)
            }
            "make_multisig_lock" => {
                let keys = list(&self.0["args"][0]).iter();
                let keys = keys.map(|key| bytes(key)?.try_into().map_err(|_| Skip::Type));
                let quorum =
                    self.0["args"][1].as_u64().and_then(|quorum| u8::try_from(quorum).ok());
                let keys = keys.collect::<Result<Vec<[u8; 32]>, Skip>>()?;
                tools::multisig_lock_lenient(&keys, quorum.ok_or(Skip::Type)?, self.flags(2)?)
            }
            "make_timestamp_after_lock" => {
                Ok(tools::timestamp_after_lock(self.time(0)?, self.ending(1)))
            }
            "make_timestamp_before_lock" => {
                Ok(tools::timestamp_before_lock(self.time(0)?, self.ending(1)))
            }
            "make_timestamp_between_lock" => {
                Ok(tools::timestamp_between_lock(self.time(0)?, self.time(1)?, self.ending(2)))
            }
            "make_taproot_lock" => {
                tools::taproot_lock(&self.key(0)?, &self.commitment(1)?, self.flags(3)?)
            }
            "make_nonnative_taproot_lock" => {
                tools::nonnative_taproot_lock(&self.key(0)?, &self.commitment(1)?, self.flags(3)?)
            }
            "make_taproot_witness_keyspend" => {
                let fields = self.fields(1)?;
                tools::taproot_key_witness(
                    &self.key(0)?,
                    &fields,
                    &self.commitment(2)?,
                    self.flags(4)?,
                )
            }
            "make_taproot_witness_scriptspend" => {
                let script =
                    self.arg(1, "committed_script").get("script").map(hex).ok_or(Skip::Type)?;
                tools::taproot_script_witness(&self.key(0)?, &Script::new(script))
            }
            _ => return Err(Skip::Missing),
        })
    }

    fn fields(&self, index: usize) -> Result<Fields, Skip> {
        let map = self.0["args"][index]["map"].as_object().ok_or(Skip::Type)?;
        map.iter().try_fold(Fields::new(), |fields, (name, value)| {
            let value = bytes(value)?;
            Ok(match name.as_str() {
                "sigfield1" => fields.with::<1>(value),
                "sigfield2" => fields.with::<2>(value),
                "sigfield3" => fields.with::<3>(value),
                "sigfield4" => fields.with::<4>(value),
                "sigfield5" => fields.with::<5>(value),
                "sigfield6" => fields.with::<6>(value),
                "sigfield7" => fields.with::<7>(value),
                "sigfield8" => fields.with::<8>(value),
                _ => return Err(Skip::Type),
            })
        })
    }
}

fn bytes(json: &Json) -> Result<Vec<u8>, Skip> {
    json.get("b").map(hex).ok_or(Skip::Type)
}
