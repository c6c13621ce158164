//! Numbers and cryptography.

use serde_json::{Value as Json, json};
use tapescript::num::{self, Int};
use tapescript::{Error, crypto};

use crate::support::{Report, cases, float, hex, int, list, same_error, to_hex};

#[test]
fn tapescript_vectors_numbers() {
    run("numbers", |case| {
        let arg = &case["arg"];
        Ok(match case["fn"].as_str().expect("a function") {
            "int_to_bytes" => json!(to_hex(&int(arg).to_bytes())),
            "bytes_to_int" => json!(Int::from_bytes(&hex(arg))?.to_string()),
            "bytes_to_bool" => json!(num::bytes_to_bool(&hex(arg))),
            "float_to_bytes" => json!(to_hex(&num::float_to_bytes(float(arg))?)),
            "bytes_to_float" => json!(to_hex(&num::bytes_to_float(&hex(arg))?.to_be_bytes())),
            "not_bytes" => {
                json!(to_hex(&hex(arg).into_iter().map(|byte| !byte).collect::<Vec<_>>()))
            }
            other => panic!("unknown function {other}"),
        })
    });
}

#[test]
fn tapescript_vectors_crypto() {
    run("crypto", |case| {
        let args = &case["args"];
        let bytes = |index: usize| hex(&args[index]);
        let all = |json: &Json| {
            list(json).iter().filter(|part| part.is_string()).map(hex).collect::<Vec<_>>()
        };
        let seed = || -> [u8; 32] { bytes(0).try_into().expect("a seed") };
        let parts = all(if args[0].is_array() { &args[0] } else { args });
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Ok(json!(match case["fn"].as_str().expect("a function") {
            "clamp_scalar" => {
                let key = args[1].as_bool().unwrap_or(false);
                return Ok(json!(to_hex(&crypto::clamp_scalar(&bytes(0), key)?)));
            }
            "ed25519_verify" => {
                let verified = match (bytes(0).try_into(), bytes(2).try_into()) {
                    (Ok(key), Ok(signature)) => crypto::verify(&key, &bytes(1), &signature),
                    _ => false,
                };
                return Ok(json!(verified));
            }
            "is_valid_point" => return Ok(json!(crypto::is_valid_point(&bytes(0))?)),
            "derive_key_from_seed" => to_hex(&crypto::derive_key_from_seed(&bytes(0))),
            "H_big" => to_hex(&crypto::h_big(&slices)),
            "H_small" => to_hex(&crypto::h_small(&slices)),
            "derive_point_from_scalar" => to_hex(&crypto::derive_point_from_scalar(&bytes(0))?),
            "aggregate_points" => to_hex(&crypto::aggregate_points(&parts)?),
            "aggregate_scalars" => to_hex(&crypto::aggregate_scalars(&parts)?),
            "scalar_add" => to_hex(&crypto::scalar_add(&bytes(0), &bytes(1))?),
            "scalar_sub" => to_hex(&crypto::scalar_sub(&bytes(0), &bytes(1))?),
            "scalar_mul" => to_hex(&crypto::scalar_mul(&bytes(0), &bytes(1))?),
            "scalar_reduce" =>
                to_hex(&crypto::scalar_reduce(&bytes(0).try_into().expect("64 bytes"))),
            "point_add" => to_hex(&crypto::point_add(&bytes(0), &bytes(1))?),
            "point_sub" => to_hex(&crypto::point_sub(&bytes(0), &bytes(1))?),
            "scalarmult" => to_hex(&crypto::scalarmult(&bytes(0), &bytes(1))?),
            "sign_with_scalar" => {
                let seed = args.get(2).filter(|seed| seed.is_string()).map(hex).unwrap_or_default();
                to_hex(&crypto::sign_with_scalar(&bytes(0), &bytes(1), &seed)?)
            }
            "ed25519_public_key" => to_hex(&crypto::public_key(&seed())),
            "ed25519_sign" => to_hex(&crypto::sign(&seed(), &bytes(1))),
            other => panic!("unknown function {other}"),
        }))
    });
}

fn run(file: &str, call: impl Fn(&Json) -> Result<Json, Error>) {
    let mut report = Report::default();
    for case in cases(file) {
        let expect = &case["expect"];
        let result = match call(&case) {
            Ok(result) if expect["ok"] == true && expect["result"] == result => Ok(()),
            Err(error) if expect["ok"] == false => same_error(&expect["error"], &error),
            other => Err(format!("{other:?}, not {expect}")),
        };
        report.check(&case, result);
    }
    report.finish();
}
