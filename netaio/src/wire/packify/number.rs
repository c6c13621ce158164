use std::fmt;

/// An integer of any size: a sign and a magnitude.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Integer {
    negative: bool,
    /// Big-endian, without leading zeros; zero is empty and never negative.
    magnitude: Vec<u8>,
}

impl Integer {
    /// Makes an integer of its sign and its big-endian magnitude.
    #[must_use]
    pub fn from_parts(negative: bool, magnitude: &[u8]) -> Self {
        let zeros = magnitude.iter().take_while(|&&byte| byte == 0).count();
        let magnitude = magnitude.get(zeros..).unwrap_or_default().to_vec();
        Self { negative: negative && !magnitude.is_empty(), magnitude }
    }

    /// Returns whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Returns the big-endian magnitude without leading zeros; it is empty for zero.
    #[must_use]
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    fn magnitude_u128(&self) -> Option<u128> {
        let mut wide = [0; 16];
        let start = wide.len().checked_sub(self.magnitude.len())?;
        wide.get_mut(start..)?.copy_from_slice(&self.magnitude);
        Some(u128::from_be_bytes(wide))
    }
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl From<$type> for Integer {
            fn from(number: $type) -> Self {
                #[allow(unused_comparisons, reason = "unsigned numbers are never below zero")]
                let negative = number < 0;
                let mut magnitude = number.to_be_bytes();
                if negative {
                    // The magnitude of the least number fits the unsigned type alone.
                    magnitude = (0 as $type).wrapping_sub(number).to_be_bytes();
                }
                Self::from_parts(negative, &magnitude)
            }
        }

        impl TryFrom<&Integer> for $type {
            type Error = OutOfRange;

            fn try_from(integer: &Integer) -> Result<Self, OutOfRange> {
                let magnitude = integer.magnitude_u128().ok_or(OutOfRange)?;
                if !integer.negative {
                    return magnitude.try_into().map_err(|_| OutOfRange);
                }
                if magnitude > i128::MIN.unsigned_abs() {
                    return Err(OutOfRange);
                }
                0_i128.wrapping_sub_unsigned(magnitude).try_into().map_err(|_| OutOfRange)
            }
        }
    )*};
}

integer!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

/// An integer does not fit the type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the integer does not fit")]
pub struct OutOfRange;

/// A decimal number, as the text that Python's `Decimal` reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Makes a decimal of its text, such as `1.50`, `-3E+7` or `NaN`.
    ///
    /// # Errors
    ///
    /// Returns [`NotADecimal`] when the text is not a number.
    pub fn new(text: &str) -> Result<Self, NotADecimal> {
        // Python takes spaces around it and underscores within.
        let text = text.trim().replace('_', "");
        if is_decimal(&text) { Ok(Self(text)) } else { Err(NotADecimal) }
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a decimal number")]
pub struct NotADecimal;

fn is_decimal(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(unsigned, "inf" | "infinity") {
        return true;
    }
    if let Some(payload) = unsigned.strip_prefix("snan").or(unsigned.strip_prefix("nan")) {
        return digits(payload);
    }
    let (number, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let some = !whole.is_empty() || !fraction.is_empty();
    some && digits(whole) && digits(fraction) && !exponent.is_empty() && digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_convert_at_their_limits() {
        for number in [i128::MIN, i128::MAX, -1, 0, 1, 255, 256] {
            assert_eq!(i128::try_from(&Integer::from(number)), Ok(number));
        }
        assert_eq!(i8::try_from(&Integer::from(-128)), Ok(-128));
        assert_eq!(i8::try_from(&Integer::from(-129)), Err(OutOfRange));
        assert_eq!(u8::try_from(&Integer::from(256)), Err(OutOfRange));
        assert_eq!(u32::try_from(&Integer::from(-1)), Err(OutOfRange));
        assert_eq!(u128::try_from(&Integer::from(u128::MAX)), Ok(u128::MAX));
        assert_eq!(Integer::from_parts(true, &[0, 0]), Integer::from(0));
    }

    #[test]
    fn decimals_are_what_python_reads() {
        for good in
            ["0", "1.50", "-3E+7", "1e-10", ".5", "5.", "NaN", "-sNaN12", "Infinity", " 1 ", "1_0"]
        {
            assert!(Decimal::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "e5", "1e", "1e+", "abc", "--1", "1.2.3", "nanx", "0x1"] {
            assert!(Decimal::new(bad).is_err(), "{bad}");
        }
    }
}
