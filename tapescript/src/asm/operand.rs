//! The operands of ops: what may stand for each in source text, and the bytes written for it.

use super::Assembler;
use super::cursor::Cursor;
use super::error::{AssembleError, Fault, quote};
use super::token::Token;
use super::value::{Sign, float, hex, integer, split, string, unsigned_bytes};
use super::word::ends_operand;
use crate::error::ErrorKind;
use crate::op::Op;

/// A place for a value behind an op.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    expected: &'static str,
    read: fn(&str) -> Result<Vec<u8>, Fault>,
    presence: Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// The value must be there.
    Required,
    /// Nothing is written if the text ends before the value.
    Optional,
    /// The value may come after its size, which nobody reads.
    AfterSize,
}

impl Operand {
    const fn new(expected: &'static str, read: fn(&str) -> Result<Vec<u8>, Fault>) -> Self {
        Self { expected, read, presence: Presence::Required }
    }

    const fn with(self, presence: Presence) -> Self {
        Self { presence, ..self }
    }

    /// The bytes for this token.
    pub(super) fn read(&self, token: &Token<'_>) -> Result<Vec<u8>, AssembleError> {
        (self.read)(token.text()).map_err(|fault| token.fail(fault, self.expected))
    }

    /// Takes the value that belongs to `owner`, and writes it.
    pub(super) fn write(
        &self,
        assembler: &Assembler<'_>,
        owner: &Token<'_>,
        cursor: &mut Cursor<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Result<(), AssembleError> {
        match self.presence {
            Presence::Optional if cursor.peek(0).is_none() => return Ok(()),
            Presence::AfterSize => {
                let second = cursor.peek(1).ok_or_else(|| {
                    owner
                        .nothing_follows("a value and something behind it, or the size and a value")
                })?;
                if !ends_operand(assembler, second.text()) {
                    cursor.index += 1;
                }
            }
            Presence::Required | Presence::Optional => {}
        }
        out.extend(self.read(cursor.take(owner, self.expected)?)?);
        Ok(())
    }
}

/// `PUSH` and its value are written together: the op depends on the length.
pub(super) const PUSH: Operand = Operand::new(
    "a value for PUSH: `d` and decimal digits, `x` and hex digits, or `s` and text; 1 to 65535 bytes",
    push,
);
/// The number of items of a variable, which has no letter.
pub(super) const PLAIN_COUNT: Operand =
    Operand::new("a number of items from 0 to 255, or `[` values `]`", plain_count);
/// The name of a variable as the key of the cache.
pub(super) const NAME: Operand =
    Operand::new("a name of at most 255 bytes", |name| key(name.as_bytes()));
/// The handle of a definition.
pub(super) const HANDLE: Operand = Operand::new(
    "a handle: a number from 0 to 255 with or without `d`, or `x` and two hex digits",
    handle,
);
/// The operand of an op that a host put in the place of a NOP.
pub(super) const UNSIGNED: Operand =
    Operand::new("`d` and a number from 0 to 255, or `x` and two hex digits", |text| {
        unsigned(text)
    });
pub(super) const BYTE: Operand =
    Operand::new("`d` and a number from -128 to 127, or `x` and two hex digits", byte);

const SIZED: Operand = Operand::new(
    "`d` or `f` and a decimal number, `x` and hex digits, or `s` and text; at most 255 bytes",
    |text| Ok(with_length(any(text)?, 1)?),
);
const PUSHED: Operand = SIZED.with(Presence::AfterSize);
const PUSHED_2: Operand = Operand::new(
    "`d` and a decimal number, `x` and hex digits, or `s` and text; at most 65535 bytes",
    sized_2,
)
.with(Presence::AfterSize);
const KEY: Operand = Operand::new(
    "a key: `d` and decimal digits, `x` and hex digits, or `s` and text; at most 255 bytes",
    cache_key,
);
const COUNT: Operand =
    Operand::new("a count from 0 to 255: `d` and decimal digits, or `x` and hex digits", count);
const FLOAT: Operand =
    Operand::new("`f` and decimal digits without a point, or `x` and eight hex digits", single);
const INDEX: Operand = Operand::new(UNSIGNED.expected, index).with(Presence::Optional);
const ROOT: Operand = Operand::new("a root: `x` and 64 hex digits", root);

/// What stands behind an op, block and condition apart.
pub(super) const fn operands(op: Op) -> &'static [Operand] {
    match op {
        Op::Push0
        | Op::Pop1
        | Op::AddInts
        | Op::SubtractInts
        | Op::MultInts
        | Op::AddFloats
        | Op::SubtractFloats
        | Op::AddPoints
        | Op::Call
        | Op::Copy
        | Op::Shake256
        | Op::Reverse
        | Op::CheckSig
        | Op::CheckSigVerify
        | Op::Sign
        | Op::Taproot
        | Op::ClampScalar
        | Op::AddScalars
        | Op::SubtractScalars
        | Op::SubtractPoints
        | Op::GetMessage
        | Op::CheckTemplate
        | Op::CheckTemplateVerify => &[BYTE],
        Op::ReadCache
        | Op::ReadCacheSize
        | Op::DivInt
        | Op::ModInt
        | Op::SetFlag
        | Op::UnsetFlag
        | Op::GetValue => &[SIZED],
        Op::Push1 => &[PUSHED],
        Op::Push2 => &[PUSHED_2],
        Op::WriteCache => &[KEY, COUNT],
        Op::DivFloat | Op::ModFloat => &[FLOAT],
        Op::Swap => &[INDEX, INDEX],
        Op::CheckMultisig | Op::CheckMultisigVerify => &[INDEX, INDEX, INDEX],
        Op::Merkleval => &[ROOT],
        _ => &[],
    }
}

fn push(text: &str) -> Result<Vec<u8>, Fault> {
    let value = match split(text) {
        ("d", "") => return Err(Fault::new(ErrorKind::Index, "`d` has no digits")),
        ("d", digits) => integer(digits, Sign::Minus)?.to_bytes(),
        ("x", digits) => hex(digits)?,
        ("s", text) => string(text).as_bytes().to_vec(),
        _ => return Err(no_value(text)),
    };
    match value.len() {
        0 => Err(Fault::value("there is nothing to push")),
        1 => Ok([&[Op::Push0.code()], &*value].concat()),
        2..=0xff => Ok([&[Op::Push1.code()], &*with_length(value, 1)?].concat()),
        0x100..=0xffff => Ok([&[Op::Push2.code()], &*with_length(value, 2)?].concat()),
        length => Err(Fault::value(format!("a value of {length} bytes is too long"))),
    }
}

/// A value of any type, without its length.
fn any(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => {
            // The reference drops what is behind a point, if it is numeric, too.
            let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
            integer(&rest.replace('.', "0"), Sign::None)?;
            Ok(integer(whole, Sign::Any)?.to_bytes())
        }
        ("f", number) => Ok(float(number, true)?.to_vec()),
        ("x", digits) => hex(digits),
        ("s", text) => Ok(string(text).as_bytes().to_vec()),
        _ => Err(no_value(text)),
    }
}

fn sized_2(text: &str) -> Result<Vec<u8>, Fault> {
    let value = match split(text) {
        ("d", number) => integer(number, Sign::Any)?.to_bytes(),
        ("f", number) => {
            float(number, true)?;
            return Err(Fault::new(ErrorKind::Type, "PUSH2 takes no float"));
        }
        _ => any(text)?,
    };
    if value.len() > usize::from(u16::MAX) {
        return Err(Fault::value(format!("a value of {} bytes is too long", value.len())));
    }
    with_length(value, 2)
}

fn byte(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => {
            let value = integer(number, Sign::Any)?;
            let byte = value.to_i64().and_then(|value| i8::try_from(value).ok());
            let byte = byte.ok_or_else(|| {
                Fault::new(ErrorKind::Assertion, format!("{} is out of range", quote(text)))
            })?;
            Ok(byte.to_be_bytes().to_vec())
        }
        ("x", "") => Ok(vec![0]),
        ("x", digits) => one_byte(text, digits),
        _ => Err(no_value(text)),
    }
}

fn index(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => Ok(vec![small(text, number)?]),
        ("x", digits) => one_byte(text, digits),
        _ => Err(no_value(text)),
    }
}

fn unsigned(text: &str) -> Result<Vec<u8>, Fault> {
    match text.split_at_checked(1) {
        Some(("d", number)) => Ok(vec![small(text, number)?]),
        Some(("x", digits)) if digits.is_empty() || digits.len() > 2 => {
            Err(Fault::syntax(format!("{} is not of one byte", quote(text))))
        }
        Some(("x", digits)) => one_byte(text, digits),
        _ => Err(no_value(text)),
    }
}

fn cache_key(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", digits) => key(&unsigned_bytes(&integer(digits, Sign::None)?)),
        ("x", digits) => key(&hex(digits)?),
        ("s", text) => key(string(text).as_bytes()),
        _ => Err(no_value(text)),
    }
}

fn key(key: &[u8]) -> Result<Vec<u8>, Fault> {
    with_length(key.to_vec(), 1)
        .map_err(|_| Fault::syntax(format!("a key of {} bytes is too long", key.len())))
}

fn count(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => Ok(vec![small(text, number)?]),
        ("x", digits) => match &*hex(digits)? {
            [] => Ok(vec![0]),
            [zeros @ .., last] if zeros.iter().all(|byte| *byte == 0) => Ok(vec![*last]),
            _ => Err(Fault::syntax(format!("{} is more than 255", quote(text)))),
        },
        _ => Err(no_value(text)),
    }
}

fn plain_count(text: &str) -> Result<Vec<u8>, Fault> {
    if super::value::is_numeric(text) {
        Ok(vec![small(text, text)?])
    } else {
        Err(Fault::syntax(format!("{} is no number of items", quote(text))))
    }
}

fn single(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("f", number) => Ok(float(number, false)?.to_vec()),
        ("x", digits) if digits.chars().count() == 8 => hex(digits),
        ("x", _) => Err(Fault::value(format!("{} is not of 4 bytes", quote(text)))),
        _ => Err(no_value(text)),
    }
}

fn root(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("x", digits) if digits.chars().count() == 64 => hex(digits),
        _ => Err(Fault::syntax(format!("{} is no root", quote(text)))),
    }
}

fn handle(text: &str) -> Result<Vec<u8>, Fault> {
    let out_of_range = || Fault::value(format!("{} is not of one byte", quote(text)));
    let digits = match text.split_at_checked(1) {
        Some(("x", "")) => return Err(Fault::new(ErrorKind::Index, "`x` has no digits")),
        Some(("x", digits)) => {
            let bytes = hex(digits)?;
            return if bytes.len() == 1 { Ok(bytes) } else { Err(out_of_range()) };
        }
        Some(("d", digits)) => digits,
        _ => text,
    };
    if !super::value::is_numeric(digits) {
        return Err(Fault::syntax(format!("{} is no handle", quote(text))));
    }
    let value = integer(digits, Sign::None)?.to_i64().and_then(|value| u8::try_from(value).ok());
    Ok(vec![value.ok_or_else(out_of_range)?])
}

/// A number of one byte.
fn small(text: &str, digits: &str) -> Result<u8, Fault> {
    let value = integer(digits, Sign::None)?.to_i64().and_then(|value| u8::try_from(value).ok());
    value.ok_or_else(|| Fault::syntax(format!("{} is more than 255", quote(text))))
}

fn one_byte(text: &str, digits: &str) -> Result<Vec<u8>, Fault> {
    let bytes = hex(digits)?;
    if bytes.len() == 1 {
        return Ok(bytes);
    }
    Err(Fault::value(format!("{} is not of one byte", quote(text))))
}

/// The bytes behind their length, which is of `width` bytes.
fn with_length(bytes: Vec<u8>, width: usize) -> Result<Vec<u8>, Fault> {
    let length = bytes.len().to_be_bytes();
    let (zeros, length) = length.split_at(length.len() - width);
    if zeros.iter().any(|byte| *byte != 0) {
        let wrong = format!("a value of {} bytes is too long", bytes.len());
        return Err(Fault::new(ErrorKind::Overflow, wrong));
    }
    Ok([length, &*bytes].concat())
}

fn no_value(text: &str) -> Fault {
    Fault::syntax(format!("{} is no value that fits here", quote(text)))
}
