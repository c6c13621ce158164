//! The assembler and the disassembler against the recorded results of the reference.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use shake::Shake256;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use tapescript::asm::{AssembleError, Assembler, tokens};
use tapescript::disasm::Disassembler;
use tapescript::{Error, ErrorKind, Op};

#[test]
fn tapescript_vectors_compile() {
    check("compile.json", |_| true, compile);
}

#[test]
fn tapescript_vectors_symbols() {
    check("symbols.json", |_| true, symbols);
}

#[test]
fn tapescript_vectors_decompile() {
    check("decompile.json", |_| true, decompile);
}

#[test]
fn tapescript_vectors_soft_fork_text() {
    check("soft_fork.json", |case| case["kind"] == "compile", compile);
    check("soft_fork.json", |case| case["kind"] == "decompile", decompile);
}

#[test]
fn tapescript_vectors_upstream_text() {
    check("upstream.json", |case| case["kind"] == "compile", compile);
    check("upstream.json", |case| case["kind"] == "decompile", decompile);
}

#[test]
fn tapescript_vectors_hostile_text() {
    check(
        "hostile.json",
        |case| case["kind"] == "compile",
        |case| {
            let start = Instant::now();
            let refused = assembler(case).assemble(text(&case["input"])).is_err();
            soon(start, refused)
        },
    );
    check(
        "hostile.json",
        |case| case["kind"] == "decompile",
        |case| {
            let start = Instant::now();
            let refused = Disassembler::new().disassemble(&hex(&case["input"])).is_err();
            soon(start, refused)
        },
    );
}

/// Runs the cases of a file that are wanted; there must be some.
fn check(file: &str, wanted: fn(&Value) -> bool, run: fn(&Value) -> Result<(), String>) {
    let folder = std::env::var_os("NETAIO_VECTORS").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors"))
    });
    let path = folder.join("tapescript").join(file);
    let content =
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let content: Value = serde_json::from_slice(&content).unwrap();
    let cases: Vec<_> =
        content["cases"].as_array().unwrap().iter().filter(|case| wanted(case)).collect();
    assert!(!cases.is_empty(), "{file} has no such cases");

    let failed: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            run(case).err().map(|why| format!("{}: {}\n    {why}", case["name"], excerpt(case)))
        })
        .collect();
    println!("{file}: {} of {} cases passed", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "{} cases of {file} failed:\n{}", failed.len(), failed.join("\n"));
}

fn compile(case: &Value) -> Result<(), String> {
    let source = text(&case["source"]);
    let result = assembler(case).assemble(source);
    if let Err(error) = &result {
        // Each error can be shown.
        assert!(error.render(source).contains('^'), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let expect = &case["expect"];
    same(expect, result.map_err(|error: AssembleError| (error.kind(), error.to_string())), |code| {
        hex(&expect["hex"]) == *code
    })
}

fn symbols(case: &Value) -> Result<(), String> {
    let source = text(&case["source"]);
    let result = tokens(source);
    for token in result.iter().flatten() {
        let position = token.position();
        let written = &source[position.start..position.end];
        let words =
            |text: &str| text.to_uppercase().split_whitespace().collect::<Vec<_>>().concat();
        assert_eq!(words(written), words(token.text()));
    }
    let expect = &case["expect"];
    same(expect, result.map_err(|error| (error.kind(), error.to_string())), |tokens| {
        let expected = expect["symbols"].as_array().unwrap().iter().map(text);
        expected.eq(tokens.iter().map(|token| token.text()))
    })
}

fn decompile(case: &Value) -> Result<(), String> {
    let code = hex(&case["hex"]);
    let indent = case["indent"].as_u64().unwrap_or_default().try_into().unwrap();
    let forks = case["soft_forks"].as_array().into_iter().flatten();
    let disassembler = forks.fold(Disassembler::new().indent(indent), |disassembler, fork| {
        disassembler.soft_fork(fork_code(fork), text(&fork["name"]))
    });
    let result = disassembler.disassemble(&code);
    let expect = &case["expect"];
    if let Ok(lines) = &result {
        let again = assembler(case).assemble(&lines.join("\n"));
        let fits = match expect["recompile"].as_str() {
            Some("same") => again.is_ok_and(|again| again == code),
            Some("differs") => again.is_ok_and(|again| again != code),
            Some("error") => again.is_err(),
            _ => true,
        };
        if !fits {
            return Err("the lines assemble to something else".into());
        }
    }
    same(expect, result.map_err(|error| (error.kind(), error.to_string())), |lines| {
        let expected = expect["lines"].as_array().unwrap().iter().map(text);
        expected.eq(lines.iter().map(String::as_str))
    })
}

/// Compares with the expected success or class of error.
fn same<T: std::fmt::Debug>(
    expect: &Value,
    result: Result<T, (ErrorKind, String)>,
    equal: impl Fn(&T) -> bool,
) -> Result<(), String> {
    let fits = match &result {
        Ok(value) => expect["ok"] == true && equal(value),
        Err((kind, _)) => expect["error"]["class"] == kind.name(),
    };
    if fits { Ok(()) } else { Err(format!("{result:?}, expected {expect}")) }
}

fn soon(start: Instant, refused: bool) -> Result<(), String> {
    match start.elapsed() {
        elapsed if elapsed > Duration::from_secs(1) => Err(format!("took {elapsed:?}")),
        _ if !refused => Err("was not refused".into()),
        _ => Ok(()),
    }
}

fn assembler(case: &Value) -> Assembler<'static> {
    let forks = case["soft_forks"].as_array().into_iter().flatten();
    forks.fold(Assembler::new().comptime(run), |assembler, fork| {
        let aliases: Vec<_> = fork["aliases"].as_array().unwrap().iter().map(text).collect();
        assembler.soft_fork(fork_code(fork), text(&fork["name"]), &aliases)
    })
}

/// As much of a machine as the comptime blocks of the vectors need; the clock is that of the vectors.
fn run(script: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut stack: Vec<Vec<u8>> = Vec::new();
    let mut rest = script;
    let mut read = |length: usize| {
        let (bytes, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(bytes.to_vec())
    };
    let failed = || Error::script("not a script for this machine");
    while let Some(op) = read(1) {
        let op = Op::from_code(op[0]).ok_or_else(failed)?;
        let item = match op {
            Op::True => vec![0xff],
            Op::False => vec![0],
            Op::Push0 => read(1).ok_or_else(failed)?,
            Op::Push1 | Op::GetValue => {
                let length = read(1).ok_or_else(failed)?[0];
                let item = read(length.into()).ok_or_else(failed)?;
                match op {
                    Op::Push1 => item,
                    _ if item == b"timestamp" => 1_700_000_000_u32.to_be_bytes().to_vec(),
                    _ => return Err(failed()),
                }
            }
            Op::Size => vec![stack.pop().ok_or_else(failed)?.len().try_into().unwrap()],
            Op::Sha256 => Sha256::digest(stack.pop().ok_or_else(failed)?).to_vec(),
            Op::Shake256 => {
                let mut hasher = Shake256::default();
                hasher.update(&stack.pop().ok_or_else(failed)?);
                let mut digest = vec![0; read(1).ok_or_else(failed)?[0].into()];
                hasher.finalize_xof().read(&mut digest);
                digest
            }
            Op::Concat => {
                let second = stack.pop().ok_or_else(failed)?;
                [stack.pop().ok_or_else(failed)?, second].concat()
            }
            Op::Verify if stack.pop().is_some_and(|item| item == [0xff]) => continue,
            _ => return Err(failed()),
        };
        stack.push(item);
    }
    Ok(stack.pop())
}

fn fork_code(fork: &Value) -> u8 {
    fork["code"].as_u64().unwrap().try_into().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = text(value);
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

fn excerpt(case: &Value) -> String {
    let input = [&case["source"], &case["hex"], &case["input"]].into_iter().find(|v| !v.is_null());
    input.map(Value::to_string).unwrap_or_default().chars().take(200).collect()
}
