use std::collections::HashSet;

use bytes::Bytes;

use super::{Decimal, Integer, Items, Reader, Value, encode, kind};

/// How deep and how large a value may be.
///
/// Every item takes at least two bytes of input and less than a hundred of memory, whatever it
/// declares, so memory is bounded by the input and by `items`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct DecodeLimits {
    pub(in crate::wire) depth: usize,
    pub(in crate::wire) items: usize,
    packables: bool,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { depth: 128, items: 1 << 20, packables: false }
    }
}

impl DecodeLimits {
    /// Sets how deep containers may nest; the default is 128. The original fails somewhere between
    /// 400 and 900.
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Sets how many items all containers may have together; the default is 1,048,576.
    pub fn items(mut self, items: usize) -> Self {
        self.items = items;
        self
    }

    /// Accepts objects of unknown classes, unread; by default they are an error, as in netaio.
    pub fn accept_packables(mut self) -> Self {
        self.packables = true;
        self
    }
}

/// Reads a value; bytes after it are ignored, as in the original.
///
/// # Errors
///
/// Returns [`DecodeError`] for the first thing that is wrong.
pub fn decode(bytes: &[u8]) -> Result<Value, DecodeError> {
    decode_with(bytes, &DecodeLimits::default())
}

/// Reads a value within limits.
///
/// # Errors
///
/// Returns [`DecodeError`] for the first thing that is wrong.
pub fn decode_with(bytes: &[u8], limits: &DecodeLimits) -> Result<Value, DecodeError> {
    Decoder { limits, items_left: limits.items }.value(bytes, limits.depth)
}

struct Decoder<'l> {
    limits: &'l DecodeLimits,
    items_left: usize,
}

impl Decoder<'_> {
    /// Reads one value; `depth` is how many levels are left, which bounds the recursion.
    fn value(&mut self, bytes: &[u8], depth: usize) -> Result<Value, DecodeError> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        let mut reader = Reader::new(bytes);
        let (kind, width) = reader.code()?;
        Ok(match kind {
            kind::NONE => Value::None,
            kind::BOOL => Value::Bool(reader.byte()? != 0),
            kind::FLOAT => {
                let bytes = reader.take(8)?.try_into().map_err(|_| DecodeError::Cut)?;
                Value::Float(f64::from_be_bytes(bytes))
            }
            kind::BYTES => Value::Bytes(Bytes::copy_from_slice(reader.sized(width)?)),
            kind::BYTEARRAY => Value::ByteArray(Bytes::copy_from_slice(reader.sized(width)?)),
            kind::STR => Value::Str(text(reader.sized(width)?)?.into()),
            kind::DECIMAL => {
                let decimal = Decimal::new(text(reader.sized(width)?)?);
                Value::Decimal(decimal.map_err(|_| DecodeError::NotADecimal)?)
            }
            kind::INT | kind::NEGATIVE_INT => {
                let magnitude = match width {
                    0 => reader.sized(1)?,
                    width => reader.take(width)?,
                };
                Value::Int(Integer::from_parts(kind == kind::NEGATIVE_INT, magnitude))
            }
            kind::BIG_INT | kind::NEGATIVE_BIG_INT => {
                let magnitude = reader.sized(4)?;
                Value::Int(Integer::from_parts(kind == kind::NEGATIVE_BIG_INT, magnitude))
            }
            kind::LIST => Value::List(self.items(reader.items(width)?, depth)?),
            kind::TUPLE => Value::Tuple(self.items(reader.items(width)?, depth)?),
            kind::SET => Value::Set(self.set(reader.items(width)?, depth)?),
            kind::DICT => Value::Dict(self.dict(reader.items(width)?, depth)?),
            kind::PACKABLE => self.packable(&mut reader, width)?,
            other => return Err(DecodeError::UnknownKind(other)),
        })
    }

    fn items(&mut self, mut items: Items<'_>, depth: usize) -> Result<Vec<Value>, DecodeError> {
        self.spend(items.count())?;
        let mut values = Vec::with_capacity(items.count());
        while let Some(item) = items.next()? {
            values.push(self.value(item, depth)?);
        }
        Ok(values)
    }

    /// Reads a set; a repeated item counts once.
    fn set(&mut self, items: Items<'_>, depth: usize) -> Result<Vec<Value>, DecodeError> {
        let mut values = self.items(items, depth)?;
        let mut seen = HashSet::new();
        for value in &values {
            seen.insert(identity(value)?);
        }
        if seen.len() < values.len() {
            seen.clear();
            values.retain(|value| identity(value).is_ok_and(|identity| seen.insert(identity)));
        }
        Ok(values)
    }

    /// Reads a dict; of a repeated key the last value counts.
    fn dict(
        &mut self,
        mut items: Items<'_>,
        depth: usize,
    ) -> Result<Vec<(Value, Value)>, DecodeError> {
        self.spend(items.count())?;
        let mut pairs = Vec::with_capacity(items.count());
        let mut identities = Vec::with_capacity(items.count());
        while let Some(item) = items.next()? {
            let Value::Tuple(pair) = self.value(item, depth)? else {
                return Err(DecodeError::NotAPair);
            };
            let [key, value] = <[Value; 2]>::try_from(pair).map_err(|_| DecodeError::NotAPair)?;
            identities.push(identity(&key)?);
            pairs.push((key, value));
        }
        let mut seen = HashSet::with_capacity(pairs.len());
        let mut last: Vec<bool> =
            identities.into_iter().rev().map(|identity| seen.insert(identity)).collect();
        if seen.len() < pairs.len() {
            pairs.retain(|_| last.pop().unwrap_or(false));
        }
        Ok(pairs)
    }

    fn packable(&self, reader: &mut Reader<'_>, width: usize) -> Result<Value, DecodeError> {
        if width == 0 {
            return Err(DecodeError::NoWidth);
        }
        let (name, data) = (reader.number(width)?, reader.number(width)?);
        let name = text(reader.take(name)?)?.to_owned();
        let data = Bytes::copy_from_slice(reader.take(data)?);
        if self.limits.packables {
            Ok(Value::Packable { name, data })
        } else {
            Err(DecodeError::Packable)
        }
    }

    fn spend(&mut self, items: usize) -> Result<(), DecodeError> {
        self.items_left = self.items_left.checked_sub(items).ok_or(DecodeError::TooManyItems)?;
        Ok(())
    }
}

/// Returns what tells keys apart: their canonical bytes.
fn identity(key: &Value) -> Result<Vec<u8>, DecodeError> {
    if !key.is_hashable() {
        return Err(DecodeError::Unhashable);
    }
    // What has been read within the limits can be written.
    encode(key).map_err(|_| DecodeError::TooDeep)
}

fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::NotText)
}

/// Why bytes are not a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within the value.
    #[error("the value is cut short")]
    Cut,
    /// The type is not one of packify's.
    #[error("unknown type {0}")]
    UnknownKind(u8),
    /// A type that has a length comes without the width of it.
    #[error("a length has no width")]
    NoWidth,
    /// A container's item class is not one of the three.
    #[error("unknown item class {0:#04x}")]
    ItemClass(u8),
    /// An item of a container is empty.
    #[error("an item is empty")]
    EmptyItem,
    /// Text is not UTF-8.
    #[error("a text is not UTF-8")]
    NotText,
    /// A decimal is not a number.
    #[error("a decimal is not a number")]
    NotADecimal,
    /// An item of a dict is not a tuple of key and value.
    #[error("an item of a dict is not a pair")]
    NotAPair,
    /// A key of a dict or an item of a set can't be one.
    #[error("a key or an item of a set is of a type that can't be one")]
    Unhashable,
    /// An object of an application's class.
    #[error("objects of application classes are not accepted")]
    Packable,
    /// Containers nest deeper than the limit.
    #[error("the value nests too deep")]
    TooDeep,
    /// There are more items than the limit.
    #[error("the value has too many items")]
    TooManyItems,
}
