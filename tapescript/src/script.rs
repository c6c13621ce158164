//! Byte code with its tools.

use std::fmt;
use std::ops::Add;

use crate::crypto;
use crate::error::Error;
use crate::op::Op;

/// Byte code: a lock, a witness, or a part of one.
///
/// ```
/// use tapescript::Script;
///
/// let script = Script::new(vec![0x01]) + Script::new(vec![0x2e]);
/// assert_eq!(script.as_bytes(), [0x01, 0x2e]);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Script(Vec<u8>);

impl Script {
    /// Takes byte code as it is.
    #[must_use]
    pub const fn new(code: Vec<u8>) -> Self {
        Self(code)
    }

    /// The byte code.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Gives the byte code away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// What a lock holds of a script that is shown only when it is used: its SHA-256.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        crypto::sha256(&self.0)
    }

    pub(crate) fn op(mut self, op: Op) -> Self {
        self.0.push(op.code());
        self
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// Pushes bytes whose number is known when the program is built.
    pub(crate) fn push_array<const N: usize>(self, value: &[u8; N]) -> Self {
        const { assert!(N >= 1 && N <= 65_535, "a size for a push") };
        self.push_sized(value)
    }

    /// Pushes 1 to 65,535 bytes by the shortest op.
    pub(crate) fn push(self, value: &[u8]) -> Result<Self, Error> {
        if value.is_empty() || value.len() > usize::from(u16::MAX) {
            return Err(Error::value(format!(
                "a push takes 1 to 65,535 bytes, not {}",
                value.len()
            )));
        }
        Ok(self.push_sized(value))
    }

    /// [`push`](Self::push) of bytes whose number the caller has checked.
    #[allow(clippy::cast_possible_truncation, reason = "callers have 1 to 65,535 bytes")]
    pub(crate) fn push_sized(mut self, value: &[u8]) -> Self {
        match value {
            [byte] => return self.op(Op::Push0).byte(*byte),
            _ if value.len() < 256 => self = self.op(Op::Push1).byte(value.len() as u8),
            _ => {
                self = self.op(Op::Push2);
                self.0.extend_from_slice(&(value.len() as u16).to_be_bytes());
            }
        }
        self.0.extend_from_slice(value);
        self
    }

    /// Takes an item off the stack into the cache.
    pub(crate) fn write_cache<const N: usize>(self, name: &[u8; N]) -> Self {
        self.op(Op::WriteCache).cache_key(name).byte(1)
    }

    /// Puts what is in the cache.
    pub(crate) fn read_cache<const N: usize>(self, name: &[u8; N]) -> Self {
        self.op(Op::ReadCache).cache_key(name)
    }

    #[allow(clippy::cast_possible_truncation, reason = "it is checked when the program is built")]
    fn cache_key<const N: usize>(mut self, name: &[u8; N]) -> Self {
        const { assert!(N <= 255, "a length of one byte") };
        self = self.byte(N as u8);
        self.0.extend_from_slice(name);
        self
    }

    /// Runs one of two blocks.
    pub(crate) fn if_else(self, yes: &Self, no: &Self) -> Self {
        self.op(Op::IfElse).block(yes).block(no)
    }

    /// A definition, by its number.
    pub(crate) fn define(self, handle: u8, body: &Self) -> Self {
        self.op(Op::Def).byte(handle).block(body)
    }

    #[allow(clippy::cast_possible_truncation, reason = "blocks of tools have a few hundred bytes")]
    fn block(mut self, body: &Self) -> Self {
        self.0.extend_from_slice(&(body.0.len() as u16).to_be_bytes());
        self.0.extend_from_slice(&body.0);
        self
    }
}

impl Add for Script {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self
    }
}

impl AsRef<[u8]> for Script {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Script {
    fn from(code: Vec<u8>) -> Self {
        Self(code)
    }
}

impl fmt::Debug for Script {
    /// Shows hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
