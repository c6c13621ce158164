//! Reading scripts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clap::ValueEnum;
use tapescript::Machine;
use tapescript::asm::Assembler;

use crate::output::Failure;

/// The most bytes of a file that are read: 16 MiB. What an assembler needs is a multiple of that.
const MAX_INPUT: u64 = 16 << 20;

/// How a script is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Source text.
    Source,
    /// Byte code as hex digits.
    Hex,
    /// Byte code.
    Binary,
}

/// What a path is called in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "the standard input".into() } else { path.display().to_string() }
}

pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads a file, or the standard input.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let input: io::Result<Box<dyn Read>> = if is_stdin(path) {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as _)
    };
    let mut bytes = Vec::new();
    input
        .and_then(|input| input.take(MAX_INPUT + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::Usage(format!("{} can't be read: {error}", name(path))))?;
    if bytes.len() as u64 > MAX_INPUT {
        let wrong = format!("{} has more than {MAX_INPUT} bytes", name(path));
        return Err(Failure::Usage(wrong));
    }
    Ok(bytes)
}

/// Reads source text.
pub(crate) fn source(path: &Path) -> Result<String, Failure> {
    as_text(path, read(path)?)
}

/// Reads a script: byte code as it is, source text assembled.
pub(crate) fn code(path: &Path, form: Option<Form>, machine: &Machine) -> Result<Vec<u8>, Failure> {
    let bytes = read(path)?;
    let form = form.or_else(|| match path.extension()?.to_str()? {
        "bin" => Some(Form::Binary),
        "hex" => Some(Form::Hex),
        _ => None,
    });
    if form == Some(Form::Binary) {
        return Ok(bytes);
    }
    let text = as_text(path, bytes)?;
    match (form, digits(&text)) {
        (Some(Form::Hex), None) => {
            let wrong = "is no byte code: an even number of hex digits is expected, in one word";
            Err(Failure::Malformed(format!("{} {wrong}", name(path))))
        }
        // No source is a single word of hex digits.
        (Some(Form::Hex) | None, Some(code)) => Ok(code),
        _ => assembled(path, &text, machine),
    }
}

/// Assembles source text, whose comptime blocks run on the machine.
pub(crate) fn assembled(path: &Path, text: &str, machine: &Machine) -> Result<Vec<u8>, Failure> {
    Assembler::new().machine(machine).assemble(text).map_err(|error| {
        let place = error.render(text);
        Failure::Malformed(format!("{} can't be assembled\n{place}", name(path)))
    })
}

fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let name = name(path);
        Failure::Malformed(format!(
            "{name} is no text: byte {at} is not UTF-8. For byte code say --form binary"
        ))
    })
}

/// The bytes of hex digits, if there is nothing else but white space around them.
pub(crate) fn digits(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    text.trim().as_bytes().chunks(2).map(pair).collect()
}
