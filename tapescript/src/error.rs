//! What can end a script.

use std::borrow::Cow;
use std::fmt;

/// The kind of an [`Error`], named as the reference names it.
///
/// A script that catches an error finds `<kind>|<message>` in its cache, so both are part of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A rule of the machine or of an op was broken.
    Script,
    /// A value does not fit.
    Value,
    /// A value is of the wrong type or length.
    Type,
    /// An item was taken from an empty stack.
    Index,
    /// A definition or a field is unknown.
    Key,
    /// A division by zero.
    ZeroDivision,
    /// A number is too large for its encoding.
    Overflow,
    /// Bytes are no UTF-8.
    UnicodeDecode,
    /// A point or scalar that the curve's arithmetic refuses.
    Runtime,
    /// Blocks are nested too deep.
    Recursion,
    /// Source text is not well formed.
    Syntax,
    /// A number in source text is outside its range.
    Assertion,
    /// An argument that is needed was not given.
    Attribute,
    /// The run used up its [budget](crate::Limits::budget) or its [memory](crate::Limits::memory). No script can
    /// catch this.
    Exhausted,
}

impl ErrorKind {
    /// The name that scripts see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "ScriptExecutionError",
            Self::Value => "ValueError",
            Self::Type => "TypeError",
            Self::Index => "IndexError",
            Self::Key => "KeyError",
            Self::ZeroDivision => "ZeroDivisionError",
            Self::Overflow => "OverflowError",
            Self::UnicodeDecode => "UnicodeDecodeError",
            Self::Runtime => "RuntimeError",
            Self::Recursion => "RecursionError",
            Self::Syntax => "SyntaxError",
            Self::Assertion => "AssertionError",
            Self::Attribute => "AttributeError",
            Self::Exhausted => "Exhausted",
        }
    }
}

/// Why a script ended before its end, or why source text was not assembled.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// It has a place of its own, so that what may fail hands over a pointer.
#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

impl Error {
    /// An error of this kind; a script that catches it sees the message.
    #[must_use]
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into() }))
    }

    /// An [`ErrorKind::Script`]: what plugins and contracts should end a script with.
    #[must_use]
    pub fn script(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Script, message)
    }

    pub(crate) fn value(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    pub(crate) fn ty(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    pub(crate) fn index(message: &'static str) -> Self {
        Self::new(ErrorKind::Index, message)
    }

    pub(crate) fn overflow(message: &'static str) -> Self {
        Self::new(ErrorKind::Overflow, message)
    }

    pub(crate) fn zero_division(message: &'static str) -> Self {
        Self::new(ErrorKind::ZeroDivision, message)
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without the kind.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether a script's own `TRY` may catch the error.
    #[must_use]
    pub(crate) fn can_be_caught(&self) -> bool {
        !matches!(self.0.kind, ErrorKind::Exhausted)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            ErrorKind::Script | ErrorKind::Exhausted => f.write_str(&self.0.message),
            kind => write!(f, "{}: {}", kind.name(), self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.0.kind.name()).field(&self.0.message).finish()
    }
}

impl std::error::Error for Error {}
