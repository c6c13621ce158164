//! Our tool for each of the reference's.

use serde_json::{Value as Json, json};
use tapescript::tools::{
    self, Amhl, AmhlLock, AmhlPart, Certificate, HashSize, PreimageHash, Rights, ScriptTree, Terms,
};
use tapescript::{Error, Script, SigFlags, System, crypto};

use super::arguments::{Arguments, Untypable};
use crate::support::to_hex;

type Outcome = Result<Result<Json, Error>, Untypable>;

/// Calls the tool of a case. The result is written as the recorded ones are.
///
/// A `sign_script_prefix` is left out: without signature extensions no script can change what is signed.
pub(super) fn run(case: &Json) -> Outcome {
    let call = Arguments(case);
    let name = case["fn"].as_str().expect("a function");
    let by_family = [keys, hashes, contracts, adapters, delegation, trees, hops];
    for family in by_family {
        match family(name, call) {
            Err(Untypable::Function(_)) => {}
            outcome => return outcome,
        }
    }
    Err(Untypable::Function(name.into()))
}

fn unknown(name: &str) -> Outcome {
    Err(Untypable::Function(name.into()))
}

fn keys(name: &str, call: Arguments<'_>) -> Outcome {
    Ok(match name {
        "make_single_sig_lock" => Ok(tools::single_sig_lock(&call.key(0)?, call.flags(1)?)),
        "make_single_sig_lock2" => Ok(tools::single_sig_lock2(&call.key(0)?, call.flags(1)?)),
        "make_single_sig_witness" => {
            tools::single_sig_witness(&call.key(0)?, &call.fields(1)?, call.flags(2)?)
        }
        "make_single_sig_witness2" => {
            tools::single_sig_witness2(&call.key(0)?, &call.fields(1)?, call.flags(2)?)
        }
        "make_multisig_lock" => {
            tools::multisig_lock_lenient(&call.keys(0)?, call.number(1)?, call.flags(2)?)
        }
        "make_taproot_lock" => {
            tools::taproot_lock(&call.key(0)?, &call.commitment(1)?, call.flags(3)?)
        }
        "make_nonnative_taproot_lock" => {
            tools::nonnative_taproot_lock(&call.key(0)?, &call.commitment(1)?, call.flags(3)?)
        }
        "make_taproot_witness_keyspend" => {
            let (seed, fields) = (call.key(0)?, call.fields(1)?);
            tools::taproot_key_witness(&seed, &fields, &call.commitment(2)?, call.flags(4)?)
        }
        "make_taproot_witness_scriptspend" => {
            tools::taproot_script_witness(&call.key(0)?, &call.script(1)?)
        }
        "make_graftroot_lock" => Ok(tools::graftroot_lock(&call.key(0)?, call.flags(1)?)),
        "make_graftroot_witness_keyspend" => {
            tools::graftroot_key_witness(&call.key(0)?, &call.fields(1)?, call.flags(2)?)
        }
        "make_graftroot_witness_surrogate" => {
            tools::graftroot_surrogate_witness(&call.key(0)?, &call.script(1)?)
        }
        "make_graftap_lock" => tools::graftap_lock(&call.key(0)?, call.flags(1)?),
        "make_graftap_witness_keyspend" => {
            tools::graftap_key_witness(&call.key(0)?, &call.fields(1)?, call.flags(2)?)
        }
        "make_graftap_witness_scriptspend" => {
            tools::graftap_surrogate_witness(&call.key(0)?, &call.script(1)?)
        }
        _ => return unknown(name),
    }
    .map(script))
}

fn hashes(name: &str, call: Arguments<'_>) -> Outcome {
    Ok(match name {
        "make_timestamp_after_lock" => {
            Ok(script(tools::timestamp_after_lock(call.time(0)?, call.ending(1))))
        }
        "make_timestamp_before_lock" => {
            Ok(script(tools::timestamp_before_lock(call.time(0)?, call.ending(1))))
        }
        "make_timestamp_between_lock" => {
            let (from, to) = (call.time(0)?, call.time(1)?);
            Ok(script(tools::timestamp_between_lock(from, to, call.ending(2))))
        }
        "make_scripthash_lock" => {
            let (committed, size) =
                (call.script(0)?, call.hash_size(1, "hashsize", HashSize::SCRIPT)?);
            size.map(|size| script(tools::scripthash_lock(&committed, size)))
        }
        "make_scripthash_witness" => tools::scripthash_witness(&call.script(0)?).map(script),
        "Script.commitment" => Ok(bytes(&call.script(0)?.commitment())),
        _ => return unknown(name),
    })
}

type MakeHtlc = fn(&Terms, &PreimageHash, SigFlags) -> Script;

fn contracts(name: &str, call: Arguments<'_>) -> Outcome {
    let lock = |make: MakeHtlc, hash: Result<PreimageHash, Error>, timeout| {
        let (terms, flags) = (call.terms(timeout)?, call.flags(timeout + 1)?);
        Ok(hash.map(|hash| make(&terms, &hash, flags)))
    };
    Ok(match name {
        "make_htlc_sha256_lock" => lock(tools::htlc_lock, call.sha256()?, 4)?,
        "make_htlc_shake256_lock" => lock(tools::htlc_lock, call.shake256()?, 5)?,
        "make_htlc2_sha256_lock" => lock(tools::htlc2_lock, call.sha256()?, 4)?,
        "make_htlc2_shake256_lock" => lock(tools::htlc2_lock, call.shake256()?, 5)?,
        "make_htlc_witness" => {
            let (seed, preimage) = (call.key(0)?, call.bytes(1)?);
            tools::htlc_witness(&seed, &preimage, &call.fields(2)?, call.flags(3)?)
        }
        "make_htlc2_witness" => {
            let (seed, preimage) = (call.key(0)?, call.bytes(1)?);
            tools::htlc2_witness(&seed, &preimage, &call.fields(2)?, call.flags(3)?)
        }
        "make_ptlc_lock" => {
            let (terms, flags) = (call.terms(3)?, call.flags(4)?);
            match call.get(2, "tweak_point") {
                Json::Null => Ok(tools::ptlc_lock(&terms, flags)),
                _ => tools::ptlc_tweaked_lock(&terms, &call.key(2)?, flags),
            }
        }
        "make_ptlc_witness" => {
            let (seed, fields, flags) = (call.key(0)?, call.fields(1)?, call.flags(3)?);
            match call.get(2, "tweak_scalar") {
                Json::Null => tools::ptlc_witness(&seed, &fields, flags),
                _ => tools::ptlc_tweaked_witness(&seed, &fields, &call.key(2)?, flags),
            }
        }
        "make_ptlc_refund_witness" => {
            tools::ptlc_refund_witness(&call.key(0)?, &call.fields(1)?, call.flags(2)?)
        }
        _ => return unknown(name),
    }
    .map(script))
}

fn adapters(name: &str, call: Arguments<'_>) -> Outcome {
    let point = |tweak: [u8; 32]| {
        crypto::clamp_scalar(&tweak, false)
            .and_then(|tweak| crypto::derive_point_from_scalar(&tweak))
    };
    Ok(match name {
        "make_adapter_witness" => {
            let (seed, point) = (call.key(0)?, call.key(1)?);
            tools::adapter_witness(&seed, &point, &call.fields(2)?, call.flags(3)?).map(script)
        }
        "make_adapter_lock_pub" => {
            Ok(script(tools::adapter_lock(&call.key(0)?, &call.key(1)?, call.flags(2)?)))
        }
        "make_adapter_lock_prv" => {
            let (key, flags) = (call.key(0)?, call.flags(2)?);
            point(call.key(1)?).map(|point| script(tools::adapter_lock(&key, &point, flags)))
        }
        "make_adapter_locks_pub" => {
            let locks = tools::adapter_locks(&call.key(0)?, &call.key(1)?, call.flags(2)?);
            Ok(json!({"list": [script(locks.check), script(locks.signature)]}))
        }
        "make_adapter_locks_prv" => {
            let (key, tweak, flags) = (call.key(0)?, call.key(1)?, call.flags(2)?);
            point(tweak).map(|point| {
                let locks = tools::adapter_locks(&key, &point, flags);
                let decrypt = tools::adapter_decrypt(&tweak);
                json!({"list": [script(locks.check), script(decrypt), script(locks.signature)]})
            })
        }
        "make_adapter_decrypt" => Ok(script(tools::adapter_decrypt(&call.key(0)?))),
        "decrypt_adapter" => tools::decrypt_adapter(&call.script(0)?, &call.key(1)?)
            .map(|signature| bytes(&signature)),
        _ => return unknown(name),
    })
}

fn delegation(name: &str, call: Arguments<'_>) -> Outcome {
    Ok(match name {
        "make_delegate_key_cert" => {
            let (seed, key) = (call.key(0)?, call.key(1)?);
            let validity = call.number(2)?..call.number(3)?;
            Certificate::issue(&seed, &key, validity, call.rights(4)).map(|cert| certificate(&cert))
        }
        "Certificate.unpack" => call.certificate(0)?.map(|cert| certificate(&cert)),
        "Certificate.preimage" => call.certificate(0)?.map(|cert| bytes(cert.signed_bytes())),
        "make_delegate_key_lock" => {
            Ok(script(tools::delegate_key_lock(&call.key(0)?, call.flags(1)?)))
        }
        "make_delegate_key_witness" => {
            let (seed, fields, flags) = (call.key(0)?, call.fields(2)?, call.flags(3)?);
            let witness = |cert| tools::delegate_key_witness(&seed, &cert, &fields, flags);
            call.certificate(1)?.and_then(witness).map(script)
        }
        "make_delegate_key_chain_lock" => {
            Ok(script(tools::delegate_key_chain_lock(&call.key(0)?, call.flags(1)?)))
        }
        "make_delegate_key_chain_witness" => {
            let (seed, fields, flags) = (call.key(0)?, call.fields(2)?, call.flags(3)?);
            let witness =
                |certs: Vec<_>| tools::delegate_key_chain_witness(&seed, &certs, &fields, flags);
            call.certificates(1)?.and_then(witness).map(script)
        }
        _ => return unknown(name),
    })
}

fn trees(name: &str, call: Arguments<'_>) -> Outcome {
    let merklized = |tree: ScriptTree| json!({"list": [script(tree.lock()), {"list": tree.witnesses().map(script).collect::<Vec<_>>()}]});
    Ok(match name {
        "make_merklized_script_prioritized" => {
            ScriptTree::prioritized(call.scripts(0)?).map(merklized)
        }
        "make_merklized_script_balanced" => {
            ScriptTree::balanced(call.scripts(0)?, &System).map(merklized)
        }
        "ScriptNode" => call.tree(0).and_then(|tree| {
            let packed = tree.pack()?;
            assert_eq!(ScriptTree::unpack(&packed)?, tree);
            let unlocks = tree.witnesses().map(|witness| to_hex(witness.as_bytes()));
            Ok(json!({
                "root": to_hex(&tree.lock().as_bytes()[1..]),
                "lock": to_hex(tree.lock().as_bytes()),
                "commitment": to_hex(&tree.commitment()),
                "packed": to_hex(&packed),
                "unlocks": unlocks.collect::<Vec<_>>(),
            }))
        }),
        _ => return unknown(name),
    })
}

fn hops(name: &str, call: Arguments<'_>) -> Outcome {
    Ok(match name {
        "AMHL.setup" => Amhl::setup(&call.bytes(1)?, call.number(0)?).map(|row| {
            let all = |items: &[[u8; 32]]| items.iter().map(|item| bytes(item)).collect::<Vec<_>>();
            json!({"list": [{"list": all(row.secrets())}, {"list": all(row.points())}]})
        }),
        "AMHL.setup_for" => {
            let user = call.number(2)?;
            Amhl::setup(&call.bytes(1)?, call.number(0)?).map(|row| {
                let part = row.part(user).expect("a user");
                assert!(part.is_consistent(), "as the reference says of all in check_setup");
                json!({"list": match part {
                    AmhlPart::Sender { secret } => json!([bytes(&secret)]),
                    AmhlPart::Between { left, right, secret } => {
                        json!([bytes(&left), bytes(&right), bytes(&secret)])
                    }
                    AmhlPart::Receiver { left, key } => {
                        json!([{"list": [bytes(&left), {"value": 0}, {"value": 0}]}, bytes(&key)])
                    }
                }})
            })
        }
        "setup_amhl" => {
            let (seed, keys, flags) = (call.bytes(0)?, call.keys(1)?, call.flags(2)?);
            let hops = call.hops()?;
            let count = u8::try_from(hops.len()).map_err(|_| Untypable::Value)?;
            Amhl::setup(&seed, count).and_then(|row| {
                let locks = row.locks(&hops, flags)?.into_iter().zip(keys);
                let pair = |(lock, key): (AmhlLock, [u8; 32])| {
                    let (check, lock_script) = (script(lock.check), script(lock.lock));
                    let parts =
                        json!([check, lock_script, bytes(&lock.point), bytes(&lock.secret)]);
                    json!([bytes(&key), {"list": parts}])
                };
                let mut pairs = locks.map(pair).collect::<Vec<_>>();
                pairs.push(json!(["key", bytes(&row.key())]));
                Ok(json!({"pairs": pairs}))
            })
        }
        "release_left_amhl_lock" => {
            let signature = call.bytes(1)?.try_into().map_err(|_| Untypable::Value)?;
            tools::amhl_release_left(&call.script(0)?, &signature, &call.key(2)?)
                .map(|key| bytes(&key))
        }
        _ => return unknown(name),
    })
}

#[allow(clippy::needless_pass_by_value, reason = "results of tools go through here")]
fn script(script: Script) -> Json {
    json!({"script": to_hex(script.as_bytes())})
}

fn bytes(bytes: &[u8]) -> Json {
    json!({"bytes": to_hex(bytes)})
}

/// The reference shows times as signed.
#[allow(clippy::cast_possible_wrap, reason = "as in the reference")]
fn certificate(certificate: &Certificate) -> Json {
    let validity = certificate.validity();
    json!({"cert": {
        "delegate_pubkey": to_hex(&certificate.key()),
        "begin_ts": validity.start as i32,
        "end_ts": validity.end as i32,
        "can_further_delegate": certificate.rights() == Rights::SignAndDelegate,
        "signature": to_hex(&certificate.signature()),
    }})
}
