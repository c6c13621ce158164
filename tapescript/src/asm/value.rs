//! How the text of a token is read as a value.

use num_bigint::BigInt;

use super::error::{Fault, quote};
use crate::error::ErrorKind;
use crate::num::{Int, float_to_bytes};

/// The most decimal digits of an integer, as in the reference. More would be slow to convert.
const MAX_DIGITS: usize = 4300;

/// Which signs may stand before digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    None,
    Minus,
    Any,
}

/// A value's letter, in lower case, and what follows it. Other first characters give an empty letter.
pub(super) fn split(text: &str) -> (&str, &str) {
    match text.split_at_checked(1) {
        Some(("d" | "D", rest)) => ("d", rest),
        Some(("x" | "X", rest)) => ("x", rest),
        Some(("s" | "S", rest)) => ("s", rest),
        Some(("f" | "F", rest)) => ("f", rest),
        _ => ("", text),
    }
}

/// Whether there are only digits and other numeric characters, and at least one.
///
/// The reference counts the ideographs for numbers, too. They are refused later in any case.
pub(super) fn is_numeric(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_numeric)
}

/// Whether a name has letters and digits only, and at least one.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

/// The bytes of hex digits.
pub(super) fn hex(digits: &str) -> Result<Vec<u8>, Fault> {
    let nibble =
        |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = digits.as_bytes().chunks(2).map(|pair| match pair {
        [upper, lower] => Some(nibble(*upper)? << 4 | nibble(*lower)?),
        _ => None,
    });
    bytes.collect::<Option<_>>().ok_or_else(|| {
        let wrong = if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            format!("the number of hex digits in {} is odd", quote(digits))
        } else {
            format!("{} is not hexadecimal", quote(digits))
        };
        Fault::value(wrong)
    })
}

/// The text of a string behind its `s`: what stands in quotes, or all of it.
pub(super) fn string(text: &str) -> &str {
    match text.split_at_checked(1) {
        Some((mark @ ("\"" | "'"), rest)) => rest.split(mark).next().unwrap_or_default(),
        _ => text,
    }
}

/// A decimal integer.
pub(super) fn integer(text: &str, sign: Sign) -> Result<Int, Fault> {
    let bare = match sign {
        Sign::None => text,
        Sign::Minus => text.strip_prefix('-').unwrap_or(text),
        Sign::Any => text.strip_prefix(['-', '+']).unwrap_or(text),
    };
    let Some(digits) = digits(bare) else {
        let wrong = match digits(text.trim_start_matches(['-', '+'])) {
            Some(_) => "has a sign that cannot stand here",
            None => "is no decimal integer",
        };
        return Err(Fault::value(format!("{} {wrong}", quote(text))));
    };
    if digits.len() > MAX_DIGITS {
        return Err(Fault::value(format!("a number has more than {MAX_DIGITS} digits")));
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), 10).unwrap_or_default();
    Ok(if text.starts_with('-') { -value } else { value }.into())
}

/// A decimal number as the bytes of a float. Only with `point` it may have one.
pub(super) fn float(text: &str, point: bool) -> Result<[u8; 4], Fault> {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match bare.split_once('.') {
        Some(parts) if point => parts,
        _ => (bare, ""),
    };
    let Some(digits) = digits(&[whole, fraction].concat()) else {
        let wrong = match bare.contains('.') && !point {
            true => "has a point, which cannot stand here",
            false => "is no decimal number",
        };
        return Err(Fault::value(format!("{} {wrong}", quote(text))));
    };
    let (whole, fraction) = digits.split_at(whole.chars().count());
    let value: f64 = format!("{whole}.{fraction}").parse().unwrap_or(f64::INFINITY);
    let value = if text.starts_with('-') { -value } else { value };
    let too_large = |_| Fault::new(ErrorKind::Overflow, format!("{} is too large", quote(text)));
    float_to_bytes(value).map_err(too_large)
}

/// The fewest bytes of a number that is not negative, and at least one.
///
/// The reference counts them with a logarithm and so refuses some numbers close above 2^56, 2^64 and so on.
pub(super) fn unsigned_bytes(value: &Int) -> Vec<u8> {
    let mut bytes = value.to_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.drain(..zeros.min(bytes.len().saturating_sub(1)));
    bytes
}

/// The digits in ASCII, if all characters are decimal digits of some script and there is at least one.
fn digits(text: &str) -> Option<String> {
    let digit = |c: char| {
        let value = if c.is_ascii() { c.to_digit(10) } else { foreign_digit(c) };
        value.and_then(|value| char::from_digit(value, 10))
    };
    text.chars().map(digit).collect::<Option<String>>().filter(|digits| !digits.is_empty())
}

/// The value of a decimal digit of another script.
fn foreign_digit(c: char) -> Option<u32> {
    let code = u32::from(c);
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?)?;
    Some(code - zero).filter(|value| *value < 10)
}

/// The digits zero of Unicode beside that of ASCII; the other nine follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650,
    0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];
