//! How items of the stack are read as numbers and truth values, and how those are written.

mod int;

pub use int::Int;

use crate::error::Error;

/// The item that stands for true.
pub const TRUE: &[u8] = &[0xff];
/// The item that stands for false.
pub const FALSE: &[u8] = &[0x00];

/// The item for a truth value.
#[must_use]
pub const fn bool_to_bytes(value: bool) -> &'static [u8] {
    if value { TRUE } else { FALSE }
}

/// Reads an item as a truth value: true if any bit of it is set.
#[must_use]
pub fn bytes_to_bool(item: &[u8]) -> bool {
    item.iter().any(|byte| *byte != 0)
}

/// Writes a number as a single-precision float, big endian, rounded once to the nearest, half to even.
///
/// # Errors
///
/// [`ErrorKind::Overflow`](crate::ErrorKind::Overflow) if a finite number is too large.
pub fn float_to_bytes(value: f64) -> Result<[u8; 4], Error> {
    #[allow(clippy::cast_possible_truncation, reason = "the rounding is what is wanted")]
    let single = value as f32;
    if single.is_infinite() && value.is_finite() {
        return Err(Error::overflow("float too large to pack with f format"));
    }
    Ok(single.to_be_bytes())
}

/// Reads an item as a single-precision float, big endian.
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if the item is not of 4 bytes.
pub fn bytes_to_float(item: &[u8]) -> Result<f64, Error> {
    let bytes: [u8; 4] = item.try_into().map_err(|_| Error::value("number must be 4 bytes"))?;
    Ok(f64::from(f32::from_be_bytes(bytes)))
}

/// The remainder of floats whose sign follows the divisor, as the language defines it. The divisor is not zero.
pub(crate) fn float_modulo(dividend: f64, divisor: f64) -> f64 {
    let rest = dividend % divisor;
    if rest == 0.0 {
        0.0_f64.copysign(divisor)
    } else if (rest < 0.0) == (divisor < 0.0) {
        rest
    } else {
        rest + divisor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_that_is_too_large_is_refused_and_infinity_is_not() {
        assert!(float_to_bytes(1e39).is_err());
        assert_eq!(float_to_bytes(f64::INFINITY).unwrap(), [0x7f, 0x80, 0, 0]);
        assert_eq!(bytes_to_float(&[0x3f, 0x80, 0, 0]).unwrap(), 1.0);
        assert!(bytes_to_float(&[0; 3]).is_err());
    }

    #[test]
    fn the_remainder_follows_the_divisor() {
        assert_eq!(float_modulo(-7.0, 3.0), 2.0);
        assert_eq!(float_modulo(7.0, -3.0), -2.0);
        assert_eq!(float_modulo(1.0, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert!(float_modulo(3.0, -3.0).is_sign_negative());
    }
}
