//! The bytes that are written for the text of an operand. The forms are described where they are
//! [listed](super::operand).

use super::error::{Fault, quote};
use super::value::{Sign, float, hex, integer, is_numeric, split, string, unsigned_bytes};
use crate::error::ErrorKind;
use crate::op::Op;

pub(super) fn push(text: &str) -> Result<Vec<u8>, Fault> {
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
        2..=0xff => Ok([&[Op::Push1.code()], &*with_length(&value, 1)?].concat()),
        0x100..=0xffff => Ok([&[Op::Push2.code()], &*with_length(&value, 2)?].concat()),
        length => Err(Fault::value(format!("a value of {length} bytes is too long"))),
    }
}

pub(super) fn sized(text: &str) -> Result<Vec<u8>, Fault> {
    with_length(&any(text)?, 1)
}

pub(super) fn name(text: &str) -> Result<Vec<u8>, Fault> {
    limited_key(text.as_bytes())
}

/// A value of any type, without its length.
fn any(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => {
            // The reference drops what is behind the first point, if that is numeric, too.
            let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
            if !fraction.chars().all(|c| c == '.' || c.is_numeric()) {
                return Err(Fault::value(format!("{} is no decimal number", quote(number))));
            }
            Ok(integer(whole, Sign::Any)?.to_bytes())
        }
        ("f", number) => Ok(float(number, true)?.to_vec()),
        ("x", digits) => hex(digits),
        ("s", text) => Ok(string(text).as_bytes().to_vec()),
        _ => Err(no_value(text)),
    }
}

pub(super) fn sized_2(text: &str) -> Result<Vec<u8>, Fault> {
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
    with_length(&value, 2)
}

pub(super) fn byte(text: &str) -> Result<Vec<u8>, Fault> {
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

pub(super) fn index(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", number) => Ok(vec![small(text, number)?]),
        ("x", digits) => one_byte(text, digits),
        _ => Err(no_value(text)),
    }
}

pub(super) fn soft_fork(text: &str) -> Result<Vec<u8>, Fault> {
    match text.split_at_checked(1) {
        Some(("d", number)) => Ok(vec![small(text, number)?]),
        Some(("x", digits)) if digits.is_empty() || digits.len() > 2 => {
            Err(Fault::syntax(format!("{} is not of one byte", quote(text))))
        }
        Some(("x", digits)) => one_byte(text, digits),
        _ => Err(no_value(text)),
    }
}

pub(super) fn key(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("d", digits) => limited_key(&unsigned_bytes(&integer(digits, Sign::None)?)),
        ("x", digits) => limited_key(&hex(digits)?),
        ("s", text) => limited_key(string(text).as_bytes()),
        _ => Err(no_value(text)),
    }
}

fn limited_key(key: &[u8]) -> Result<Vec<u8>, Fault> {
    with_length(key, 1)
        .map_err(|_| Fault::syntax(format!("a key of {} bytes is too long", key.len())))
}

pub(super) fn count(text: &str) -> Result<Vec<u8>, Fault> {
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

pub(super) fn plain_count(text: &str) -> Result<Vec<u8>, Fault> {
    if is_numeric(text) {
        Ok(vec![small(text, text)?])
    } else {
        Err(Fault::syntax(format!("{} is no number of items", quote(text))))
    }
}

pub(super) fn single(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("f", number) => Ok(float(number, false)?.to_vec()),
        ("x", digits) if digits.chars().count() == 8 => hex(digits),
        ("x", _) => Err(Fault::value(format!("{} is not of 4 bytes", quote(text)))),
        _ => Err(no_value(text)),
    }
}

pub(super) fn root(text: &str) -> Result<Vec<u8>, Fault> {
    match split(text) {
        ("x", digits) if digits.chars().count() == 64 => hex(digits),
        _ => Err(Fault::syntax(format!("{} is no root", quote(text)))),
    }
}

pub(super) fn handle(text: &str) -> Result<Vec<u8>, Fault> {
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
    if !is_numeric(digits) {
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
fn with_length(bytes: &[u8], width: usize) -> Result<Vec<u8>, Fault> {
    let length = bytes.len().to_be_bytes();
    let (zeros, length) = length.split_at(length.len() - width);
    if zeros.iter().any(|byte| *byte != 0) {
        let wrong = format!("a value of {} bytes is too long", bytes.len());
        return Err(Fault::new(ErrorKind::Overflow, wrong));
    }
    Ok([length, bytes].concat())
}

/// Checks that a value begins with one of these letters.
pub(super) fn check_letter(text: &str, letters: &str) -> Result<(), Fault> {
    match split(text) {
        (letter, _) if !letter.is_empty() && letters.contains(letter) => Ok(()),
        _ => Err(no_value(text)),
    }
}

/// The error of a token that is no value of the right type.
fn no_value(text: &str) -> Fault {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Fault::syntax(format!("{} has no letter that says how to read it", quote(text)));
    }
    Fault::syntax(format!("{} is no value that fits here", quote(text)))
}
