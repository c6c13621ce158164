//! Integers of any size, in two's complement.

use std::borrow::Cow;
use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::error::Error;
use crate::stack::Item;

/// A signed integer of any size, as scripts compute with it.
#[derive(Clone, Debug)]
pub struct Int(Repr);

/// Almost all numbers of scripts fit into a machine word, and are spared the allocation.
#[derive(Clone, Debug)]
enum Repr {
    Small(i64),
    /// May be of any size, small ones included.
    Big(BigInt),
}

impl Int {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Small(0));

    /// Reads two's complement, big endian, of any length from one byte; it need not be minimal.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if there are no bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let Some(first) = bytes.first() else {
            return Err(Error::value("number must not be empty"));
        };
        if bytes.len() > 8 {
            return Ok(Self(Repr::Big(BigInt::from_signed_bytes_be(bytes))));
        }
        let mut wide = if first & 0x80 == 0 { [0; 8] } else { [0xff; 8] };
        wide[8 - bytes.len()..].copy_from_slice(bytes);
        Ok(Self(Repr::Small(i64::from_be_bytes(wide))))
    }

    /// Reads an unsigned number, big endian; no bytes are zero.
    #[must_use]
    pub fn from_unsigned_bytes(bytes: &[u8]) -> Self {
        if bytes.len() < 8 {
            let mut wide = [0; 8];
            wide[8 - bytes.len()..].copy_from_slice(bytes);
            return Self(Repr::Small(i64::from_be_bytes(wide)));
        }
        Self(Repr::Big(BigInt::from_bytes_be(num_bigint::Sign::Plus, bytes)))
    }

    /// Writes the number as the reference does: minimal two's complement, with one more leading zero byte for some
    /// positive numbers of 55 bits and more that are close below a power of two.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_item().to_vec()
    }

    pub(crate) fn to_item(&self) -> Item {
        match &self.0 {
            Repr::Small(value) => {
                let bytes = value.to_be_bytes();
                let spare = if *value < 0 { value.leading_ones() } else { value.leading_zeros() };
                // One bit is for the sign.
                let skipped = (spare as usize - 1) / 8;
                let minimal = &bytes[skipped..];
                if *value > 0
                    && extra_zero(u64::from(64 - value.leading_zeros()), || BigInt::from(*value))
                {
                    let mut item = Item::from_slice(&[0]);
                    item.extend_from_slice(minimal);
                    return item;
                }
                Item::from_slice(minimal)
            }
            Repr::Big(value) => {
                let minimal = value.to_signed_bytes_be();
                if value.is_positive() && extra_zero(value.bits(), || value.clone()) {
                    let mut item = Item::from_slice(&[0]);
                    item.extend_from_slice(&minimal);
                    return item;
                }
                Item::from_vec(minimal)
            }
        }
    }

    /// The number rounded to double precision, half to even; beyond its range nothing.
    #[must_use]
    pub fn to_f64(&self) -> Option<f64> {
        match &self.0 {
            #[allow(clippy::cast_precision_loss, reason = "the rounding is what is wanted")]
            Repr::Small(value) => Some(*value as f64),
            Repr::Big(value) => big_to_f64(value),
        }
    }

    /// The integer part of a number.
    ///
    /// # Errors
    ///
    /// If it is infinite or no number.
    pub fn from_f64(value: f64) -> Result<Self, Error> {
        if value.is_nan() {
            return Err(Error::value("cannot convert float NaN to integer"));
        }
        num_traits::FromPrimitive::from_f64(value.trunc())
            .map(|value: BigInt| Self::from(value))
            .ok_or_else(|| Error::overflow("cannot convert float infinity to integer"))
    }

    /// The number as one of the machine, if it fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Small(value) => Some(*value),
            Repr::Big(value) => value.to_i64(),
        }
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(value) => *value < 0,
            Repr::Big(value) => value.is_negative(),
        }
    }

    /// Whether the number is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Repr::Small(value) => *value == 0,
            Repr::Big(value) => value.is_zero(),
        }
    }

    /// How many words of 64 bits the number takes beyond a machine word of its own, for what an operation on it costs.
    pub(crate) fn words(&self) -> usize {
        match &self.0 {
            Repr::Small(_) => 0,
            Repr::Big(value) => usize::try_from(value.bits() / 64 + 1).unwrap_or(usize::MAX),
        }
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        self.apply(other, i64::checked_add, |a, b| a + b)
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        self.apply(other, i64::checked_sub, |a, b| a - b)
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        self.apply(other, i64::checked_mul, |a, b| a * b)
    }

    /// Division that rounds down.
    pub(crate) fn div_floor(&self, divisor: &Self) -> Result<Self, Error> {
        if divisor.is_zero() {
            return Err(Error::zero_division("integer division or modulo by zero"));
        }
        Ok(self.apply(
            divisor,
            |a, b| {
                let quotient = a.checked_div(b)?;
                Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
            },
            BigInt::div_floor,
        ))
    }

    /// The rest of the division that rounds down: its sign is the divisor's.
    pub(crate) fn mod_floor(&self, divisor: &Self) -> Result<Self, Error> {
        if divisor.is_zero() {
            return Err(Error::zero_division("integer modulo by zero"));
        }
        Ok(self.apply(
            divisor,
            |a, b| {
                let rest = a.checked_rem(b)?;
                Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            },
            BigInt::mod_floor,
        ))
    }

    fn apply(
        &self,
        other: &Self,
        small: impl FnOnce(i64, i64) -> Option<i64>,
        big: impl FnOnce(&BigInt, &BigInt) -> BigInt,
    ) -> Self {
        if let (Repr::Small(a), Repr::Small(b)) = (&self.0, &other.0)
            && let Some(value) = small(*a, *b)
        {
            return Self(Repr::Small(value));
        }
        Self(Repr::Big(big(&self.big(), &other.big())))
    }

    fn big(&self) -> Cow<'_, BigInt> {
        match &self.0 {
            Repr::Small(value) => Cow::Owned(BigInt::from(*value)),
            Repr::Big(value) => Cow::Borrowed(value),
        }
    }
}

/// Whether the reference writes one more zero byte before a positive number.
///
/// It takes the length from a logarithm in double precision, which reaches the next whole number when the value is
/// close below a power of two. The rule was compared with it on 39,600 values.
fn extra_zero(bits: u64, value: impl FnOnce() -> BigInt) -> bool {
    if bits < 55 || bits % 8 != 7 {
        return false;
    }
    // The 53 upper bits, rounded half to even.
    let value = value();
    let shift = bits - 53;
    let upper: BigInt = &value >> shift;
    let rest = value - (&upper << shift);
    let half = BigInt::from(1) << (shift - 1);
    let mut rounded = upper.to_u64().unwrap_or(u64::MAX);
    if rest > half || (rest == half && rounded % 2 == 1) {
        rounded += 1;
    }
    // ln 2 times half the distance of doubles just below the number of bits, in units of 2^-53.
    let exponent = 63 - (bits - 1).leading_zeros();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounding down is the rule"
    )]
    let reach = (2_f64.powi(exponent as i32) * std::f64::consts::LN_2) as u64;
    (1_u64 << 53) - rounded <= reach
}

/// Rounds half to even, as scripts' conversions do.
fn big_to_f64(value: &BigInt) -> Option<f64> {
    let bits = value.bits();
    if bits <= 63 {
        #[allow(clippy::cast_precision_loss, reason = "the rounding is what is wanted")]
        return value.to_i64().map(|value| value as f64);
    }
    // 64 upper bits decide, with the lowest telling whether anything follows.
    let magnitude = value.magnitude();
    let shift = bits - 64;
    let mut upper = (magnitude >> shift).to_u64()?;
    if magnitude.trailing_zeros().is_some_and(|zeros| zeros < shift) {
        upper |= 1;
    }
    #[allow(clippy::cast_precision_loss, reason = "the rounding is what is wanted")]
    let mantissa = upper as f64;
    let shift = i32::try_from(shift).ok().filter(|shift| *shift <= 1023)?;
    let result = mantissa * 2_f64.powi(shift);
    let signed = if value.is_negative() { -result } else { result };
    result.is_finite().then_some(signed)
}

impl PartialEq for Int {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Int {}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl From<i64> for Int {
    fn from(value: i64) -> Self {
        Self(Repr::Small(value))
    }
}

impl From<usize> for Int {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| Self(Repr::Big(value.into())), Self::from)
    }
}

impl From<BigInt> for Int {
    fn from(value: BigInt) -> Self {
        Self(value.to_i64().map_or(Repr::Big(value), Repr::Small))
    }
}

impl std::fmt::Display for Int {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Repr::Small(value) => value.fmt(f),
            Repr::Big(value) => value.fmt(f),
        }
    }
}

impl std::str::FromStr for Int {
    type Err = Error;

    /// Reads decimal digits with an optional sign.
    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse::<BigInt>()
            .map(Self::from)
            .map_err(|_| Error::value("an integer is an optional sign and decimal digits"))
    }
}
