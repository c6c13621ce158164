use bytes::BufMut;

use super::{DecodeLimits, Integer, Value, kind};

/// Writes a value in its canonical form.
///
/// # Errors
///
/// Returns [`EncodeError`] when it nests deeper than 128 levels, or a length exceeds 4 bytes.
pub fn encode(value: &Value) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    write(value, DecodeLimits::default().depth, &mut out)?;
    Ok(out)
}

/// How many bytes a length has, and the bits of a code byte that say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::wire) enum Width {
    One,
    Two,
    Four,
}

impl Width {
    /// The bits of [`Width::One`].
    pub(in crate::wire) const ONE: u8 = 0x40;

    /// Returns the narrowest width for a number.
    pub(in crate::wire) fn of(number: usize) -> Result<Self, EncodeError> {
        match number {
            0..=0xff => Ok(Self::One),
            0x100..=0xffff => Ok(Self::Two),
            0x1_0000..=0xffff_ffff => Ok(Self::Four),
            _ => Err(EncodeError::TooLarge),
        }
    }

    pub(in crate::wire) fn bits(self) -> u8 {
        match self {
            Self::One => Self::ONE,
            Self::Two => 0x80,
            Self::Four => 0xc0,
        }
    }

    pub(in crate::wire) fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Appends a number that fits.
    pub(in crate::wire) fn write(self, number: usize, out: &mut impl BufMut) {
        let [a, b, c, d] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
        match self {
            Self::One => out.put_slice(&[d]),
            Self::Two => out.put_slice(&[c, d]),
            Self::Four => out.put_slice(&[a, b, c, d]),
        }
    }
}

/// Returns the width of the lengths in the tuple of an encoded key and value that have these.
pub(in crate::wire) fn entry_width(key: usize, value: usize) -> Result<Width, EncodeError> {
    Width::of(key.max(value))
}

/// Returns what of two entries of a dict their encoded tuples compare by first, before keys and
/// values themselves.
///
/// A tuple is `4c`, item class, `02`, length of the key, length of the value, key, value.
///
/// It is one number, which compares at once; lengths of 2 GiB, which nothing can carry, rank alike.
pub(in crate::wire) fn entry_rank(key: usize, value: usize) -> u64 {
    const LENGTH: u32 = 31;
    let width = entry_width(key, value).map_or(0, |width| u64::from(width.bits() >> 6));
    let [key, value] = [key, value].map(|length| (length as u64).min((1 << LENGTH) - 1));
    (width << LENGTH | key) << LENGTH | value
}

fn write(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
    match value {
        Value::None => out.push(kind::NONE),
        Value::Bool(truth) => out.extend([kind::BOOL, u8::from(*truth)]),
        Value::Float(number) => {
            out.push(kind::FLOAT);
            out.extend(number.to_be_bytes());
        }
        Value::Int(number) => integer(number, out)?,
        Value::Bytes(bytes) => sized(kind::BYTES, bytes, out)?,
        Value::ByteArray(bytes) => sized(kind::BYTEARRAY, bytes, out)?,
        Value::Str(text) => sized(kind::STR, text.as_bytes(), out)?,
        Value::Decimal(number) => sized(kind::DECIMAL, number.as_str().as_bytes(), out)?,
        Value::List(items) => container(kind::LIST, &encoded(items, depth)?, out)?,
        Value::Tuple(items) => container(kind::TUPLE, &encoded(items, depth)?, out)?,
        Value::Set(items) => {
            let mut items = encoded(items, depth)?;
            items.sort();
            container(kind::SET, &items, out)?;
        }
        Value::Dict(pairs) => {
            let mut items = Vec::with_capacity(pairs.len());
            for (key, value) in pairs {
                let depth = depth.checked_sub(1).ok_or(EncodeError::TooDeep)?;
                let mut parts = [Vec::new(), Vec::new()];
                for (part, value) in parts.iter_mut().zip([key, value]) {
                    write(value, depth, part)?;
                }
                let mut item = Vec::new();
                container(kind::TUPLE, &parts, &mut item)?;
                items.push(item);
            }
            items.sort();
            container(kind::DICT, &items, out)?;
        }
        Value::Packable { name, data } => {
            let width = Width::of(name.len().max(data.len()))?;
            out.push(width.bits() | kind::PACKABLE);
            width.write(name.len(), out);
            width.write(data.len(), out);
            out.extend(name.as_bytes());
            out.extend(data);
        }
    }
    Ok(())
}

fn encoded(items: &[Value], depth: usize) -> Result<Vec<Vec<u8>>, EncodeError> {
    let encode = |item| {
        let mut out = Vec::new();
        write(item, depth, &mut out).map(|()| out)
    };
    items.iter().map(encode).collect()
}

fn integer(number: &Integer, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let magnitude = number.magnitude();
    let sign = u8::from(number.is_negative());
    let width = match magnitude.len() {
        0 | 1 => Width::One,
        2 => Width::Two,
        3 | 4 => Width::Four,
        length @ 5..=255 => {
            out.push(kind::INT + sign);
            Width::One.write(length, out);
            out.extend(magnitude);
            return Ok(());
        }
        length => {
            Width::of(length)?;
            out.push(kind::BIG_INT + sign);
            Width::Four.write(length, out);
            out.extend(magnitude);
            return Ok(());
        }
    };
    out.push(width.bits() | (kind::INT + sign));
    out.extend(std::iter::repeat_n(0, width.bytes() - magnitude.len()));
    out.extend(magnitude);
    Ok(())
}

fn sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let width = Width::of(bytes.len())?;
    out.push(width.bits() | kind);
    width.write(bytes.len(), out);
    out.extend(bytes);
    Ok(())
}

fn container(kind: u8, items: &[Vec<u8>], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let count = Width::of(items.len())?;
    let lengths = Width::of(items.iter().map(Vec::len).max().unwrap_or(0))?;
    out.extend([count.bits() | kind, lengths.bits()]);
    count.write(items.len(), out);
    for item in items {
        lengths.write(item.len(), out);
    }
    for item in items {
        out.extend(item);
    }
    Ok(())
}

/// Why a value can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It nests deeper than 128 levels.
    #[error("the value nests too deep")]
    TooDeep,
    /// A length exceeds 4 bytes.
    #[error("a part of the value exceeds 4 GiB")]
    TooLarge,
}
