use bytes::Bytes;

use super::{Decimal, Integer};

/// A packify value.
///
/// Sets and dicts keep the order they are given or read in; encoding sorts them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer of any size.
    Int(Integer),
    /// A double.
    Float(f64),
    /// A decimal number, as text.
    Decimal(Decimal),
    /// Bytes.
    Bytes(Bytes),
    /// Python's mutable bytes; they can't be keys or items of a set.
    ByteArray(Bytes),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<Self>),
    /// A tuple.
    Tuple(Vec<Self>),
    /// A set of hashable values.
    Set(Vec<Self>),
    /// A dict with hashable keys.
    Dict(Vec<(Self, Self)>),
    /// An object of an application's class, unread. netaio never accepts one.
    Packable {
        /// The name of the class.
        name: String,
        /// What the class wrote.
        data: Bytes,
    },
}

impl Value {
    /// Returns the value under a text key, if it is a dict that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        let found =
            pairs.iter().rev().find(|(name, _)| matches!(name, Self::Str(name) if name == key));
        found.map(|(_, value)| value)
    }

    /// Returns the bytes, if it is bytes.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether it can be a dict's key or an item of a set, as in Python.
    #[must_use]
    pub fn is_hashable(&self) -> bool {
        match self {
            Self::List(_) | Self::Set(_) | Self::Dict(_) | Self::ByteArray(_) => false,
            Self::Tuple(items) => items.iter().all(Self::is_hashable),
            _ => true,
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool, f64 => Float, Decimal => Decimal, Integer => Int,
    i32 => Int, i64 => Int, u8 => Int, u16 => Int, u32 => Int, u64 => Int,
    &str => Str, String => Str, Bytes => Bytes, Vec<u8> => Bytes, &'static [u8] => Bytes,
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::None
    }
}
