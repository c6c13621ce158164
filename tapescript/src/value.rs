//! Values that the host and the scripts share.

use std::borrow::Cow;
use std::fmt;

use crate::num::Int;
use crate::stack::Item;

/// A value of the [`Cache`](crate::Cache) or of a flag.
///
/// Scripts write [`Value::Bytes`] and lists of them; the others come from the host.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer of any size.
    Int(Int),
    /// A number in double precision.
    Float(f64),
    /// A text.
    Text(String),
    /// A byte string.
    Bytes(Item),
    /// Bytes that the reference could change in place. A signature covers them, the stack does not take them.
    ByteArray(Vec<u8>),
    /// Several values.
    List(Vec<Self>),
}

impl Value {
    /// Whether the value counts as true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => !value.is_zero(),
            Self::Float(value) => *value != 0.0,
            Self::Text(value) => !value.is_empty(),
            Self::Bytes(value) => !value.is_empty(),
            Self::ByteArray(value) => !value.is_empty(),
            Self::List(value) => !value.is_empty(),
        }
    }

    /// The values of a list; any other is the only one.
    pub(crate) fn listed(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// The name of the type in the reference, for error messages.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "bytearray",
            Self::List(_) => "list",
        }
    }

    /// How much memory the value takes, roughly.
    pub(crate) fn size(&self) -> usize {
        let content = match self {
            Self::None | Self::Bool(_) | Self::Float(_) => 0,
            Self::Int(value) => value.words().saturating_mul(8),
            Self::Text(value) => value.len(),
            Self::Bytes(value) => value.len(),
            Self::ByteArray(value) => value.len(),
            Self::List(values) => values.iter().map(Self::size).sum(),
        };
        content.saturating_add(size_of::<Self>())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value.into())
    }
}

impl From<Int> for Value {
    fn from(value: Int) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.into())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value.into())
    }
}

impl From<Item> for Value {
    fn from(value: Item) -> Self {
        Self::Bytes(value)
    }
}

impl From<Vec<Item>> for Value {
    fn from(values: Vec<Item>) -> Self {
        Self::List(values.into_iter().map(Self::Bytes).collect())
    }
}

/// The key of a cache entry or of a flag.
///
/// Scripts write under byte strings only; texts belong to the host. The two never meet: the byte string `timestamp` is
/// not the text `timestamp`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A key of a script.
    Bytes(Item),
    /// A key of the host.
    Text(Cow<'static, str>),
    /// A number, as flags have them.
    Int(i64),
}

impl Key {
    /// How many bytes the key has.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(key) => key.len(),
            Self::Text(key) => key.len(),
            Self::Int(_) => size_of::<i64>(),
        }
    }
}

impl From<&'static str> for Key {
    fn from(key: &'static str) -> Self {
        Self::Text(key.into())
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self::Text(key.into())
    }
}

impl From<&[u8]> for Key {
    fn from(key: &[u8]) -> Self {
        Self::Bytes(key.into())
    }
}

impl<const N: usize> From<&[u8; N]> for Key {
    fn from(key: &[u8; N]) -> Self {
        Self::Bytes(key.as_slice().into())
    }
}

impl From<i64> for Key {
    fn from(key: i64) -> Self {
        Self::Int(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(key) => key.fmt(f),
            Self::Text(key) => key.fmt(f),
            Self::Int(key) => key.fmt(f),
        }
    }
}
