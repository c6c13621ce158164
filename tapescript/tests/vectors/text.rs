//! The assembler, its tokens and the disassembler.

use serde_json::Value as Json;
use tapescript::ErrorKind;
use tapescript::asm::{AssembleError, Assembler, tokens};
use tapescript::disasm::Disassembler;

use crate::host::machine;
use crate::support::{Report, cases, hex, list, say};

#[test]
fn tapescript_vectors_compile() {
    run("compile", |_| true, compile);
}

#[test]
fn tapescript_vectors_symbols() {
    run("symbols", |_| true, symbols);
}

#[test]
fn tapescript_vectors_decompile() {
    run("decompile", |_| true, decompile);
}

#[test]
fn tapescript_vectors_soft_fork_text() {
    run("soft_fork", |case| case["kind"] == "compile", compile);
    run("soft_fork", |case| case["kind"] == "decompile", decompile);
}

#[test]
fn tapescript_vectors_upstream_text() {
    run("upstream", |case| case["kind"] == "compile", compile);
    run("upstream", |case| case["kind"] == "decompile", decompile);
}

/// That each ends is what the limits bound.
#[test]
fn tapescript_vectors_hostile_text() {
    let refused = |refused: bool| if refused { Ok(()) } else { Err("was not refused".to_owned()) };
    run(
        "hostile",
        |case| case["kind"] == "compile",
        |case| {
            let machine = tapescript::Machine::new();
            refused(Assembler::new().machine(&machine).assemble(text(&case["input"])).is_err())
        },
    );
    run(
        "hostile",
        |case| case["kind"] == "decompile",
        |case| refused(Disassembler::new().disassemble(&hex(&case["input"])).is_err()),
    );
}

/// Runs the cases of a file that are wanted; there must be some.
fn run(file: &str, wanted: fn(&Json) -> bool, check: impl Fn(&Json) -> Result<(), String>) {
    let mut report = Report::default();
    let mut ran = 0;
    for case in cases(file).iter().filter(|case| wanted(case)) {
        ran += 1;
        report.check(case, check(case));
    }
    report.finish();
    say(&format!("tapescript_vectors: {file}: {ran} of text"));
    assert!(ran > 0 || std::env::var_os("NETAIO_VECTORS").is_some(), "{file} has cases of text");
}

fn compile(case: &Json) -> Result<(), String> {
    let (source, machine) = (text(&case["source"]), machine(case));
    let result = Assembler::new().machine(&machine).assemble(source);
    if let Err(error) = &result {
        // Each error can be shown.
        assert!(error.render(source).contains('^'), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let expect = &case["expect"];
    let result = result.map_err(|error: AssembleError| (error.kind(), error.to_string()));
    same(expect, &result, |code| hex(&expect["hex"]) == *code)
}

fn symbols(case: &Json) -> Result<(), String> {
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
    let result = result.map_err(|error| (error.kind(), error.to_string()));
    same(expect, &result, |tokens| {
        list(&expect["symbols"]).iter().map(text).eq(tokens.iter().map(|token| token.text()))
    })
}

fn decompile(case: &Json) -> Result<(), String> {
    let (code, machine) = (hex(&case["hex"]), machine(case));
    let indent = case["indent"].as_u64().unwrap_or_default().try_into().expect("a level");
    let result = Disassembler::new().machine(&machine).indent(indent).disassemble(&code);
    let expect = &case["expect"];
    if let Ok(lines) = &result {
        let again = Assembler::new().machine(&machine).assemble(&lines.join("\n"));
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
    let result = result.map_err(|error| (error.kind(), error.to_string()));
    same(expect, &result, |lines| {
        list(&expect["lines"]).iter().map(text).eq(lines.iter().map(String::as_str))
    })
}

/// Compares with the expected success or class of error.
fn same<T: std::fmt::Debug>(
    expect: &Json,
    result: &Result<T, (ErrorKind, String)>,
    equal: impl Fn(&T) -> bool,
) -> Result<(), String> {
    let fits = match result {
        Ok(value) => expect["ok"] == true && equal(value),
        Err((kind, _)) => expect["error"]["class"] == kind.name(),
    };
    if fits { Ok(()) } else { Err(format!("{result:?}, expected {expect}")) }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_else(|| panic!("{json} is no text"))
}
