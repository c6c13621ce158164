//! Why source text was not assembled, and where.

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, ErrorKind};

/// The most characters of a source line that a rendered error shows.
const LINE_WIDTH: usize = 96;
/// How many of them stand before the guilty token if the line is longer.
const CONTEXT: usize = 40;
/// The most characters of a token that a message repeats.
const EXCERPT: usize = 32;

/// Where in the source text something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// The column it begins at, in characters, counted from 1.
    pub column: usize,
}

impl Position {
    /// From the beginning of this one to the end of the other.
    pub(super) fn to(self, last: Self) -> Self {
        Self { end: last.end.max(self.end), ..self }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why source text was not assembled: what is wrong, where, and what was expected there.
///
/// `Display` is one line; [`AssembleError::render`] shows the place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembleError {
    fault: Fault,
    expected: Cow<'static, str>,
    position: Position,
    /// The outermost macro call that led to the place.
    call: Option<Position>,
}

impl AssembleError {
    pub(super) fn new(
        fault: Fault,
        expected: impl Into<Cow<'static, str>>,
        position: Position,
    ) -> Self {
        Self { fault, expected: expected.into(), position, call: None }
    }

    pub(super) fn moved_to(self, position: Position) -> Self {
        Self { position, ..self }
    }

    pub(super) fn called_at(self, position: Position) -> Self {
        Self { call: Some(position), ..self }
    }

    /// The kind of the error, as the reference names it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.fault.kind
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.fault.wrong
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Where the guilty token stands; inside a macro that is its place in the definition or in the call's list.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The error with the source line and a mark below the guilty token, on several lines.
    ///
    /// # Examples
    ///
    /// ```
    /// let source = "true\npush f7.5";
    /// let error = tapescript::asm::assemble(source).unwrap_err();
    /// let text = error.render(source);
    /// assert!(text.contains("2 | push f7.5\n  |      ^^^^\n"));
    /// ```
    #[must_use]
    pub fn render(&self, source: &str) -> String {
        let Position { line, .. } = self.position;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let (text, mark) = self.excerpt(source);
        let mut lines = vec![
            format!("{}: {}", self.fault.kind.name(), self.fault.wrong),
            format!("{margin}--> {}", self.position),
            format!("{margin} |"),
            format!("{number} | {text}"),
            format!("{margin} | {mark}"),
            format!("{margin} = expected {}", self.expected),
        ];
        if let Some(call) = self.call {
            lines.push(format!("{margin} = in the macro that is called on {call}"));
        }
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n")
    }

    /// The part of the source line around the token, and carets that stand below it.
    fn excerpt(&self, source: &str) -> (String, String) {
        let Position { start, end, .. } = self.position;
        let before = source.get(..start).unwrap_or_default();
        let before = before.rsplit('\n').next().unwrap_or_default();
        let token = source.get(start..end).unwrap_or_default();
        let token = token.split('\n').next().unwrap_or_default();
        let after = source.get(start..).unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        // The line is one with its tabs as blanks, so that the mark stands below the token.
        let visible = |c: char| if c.is_control() { ' ' } else { c };

        let column = before.chars().count();
        let skipped = if column + after.chars().take(LINE_WIDTH).count() > LINE_WIDTH {
            column.saturating_sub(CONTEXT)
        } else {
            0
        };
        let prefix = if skipped == 0 { "" } else { "…" };
        let text = before.chars().skip(skipped).chain(after.trim_end().chars());
        let mut text: String = prefix.chars().chain(text.map(visible)).take(LINE_WIDTH).collect();
        let indent = column - skipped + prefix.chars().count();
        let shown = text.chars().count();
        if column - skipped + after.trim_end().chars().take(LINE_WIDTH).count() >= LINE_WIDTH {
            text.push('…');
        }
        let width = token.trim_end().chars().take(shown.saturating_sub(indent)).count().max(1);
        (text, " ".repeat(indent) + &"^".repeat(width))
    }
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; expected {}", self.position, self.fault.wrong, self.expected)?;
        match self.call {
            Some(call) => write!(f, " (in the macro that is called on {call})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for AssembleError {}

impl From<AssembleError> for Error {
    fn from(error: AssembleError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// What is wrong with a token, before it is known where it stands and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    kind: ErrorKind,
    wrong: Cow<'static, str>,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, wrong: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, wrong: wrong.into() }
    }

    pub(super) fn syntax(wrong: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Syntax, wrong)
    }

    pub(super) fn value(wrong: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Value, wrong)
    }
}

/// The text of a token for a message: in one line, and not too long.
pub(super) fn quote(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut quoted: String = chars.by_ref().take(EXCERPT).collect();
    if chars.next().is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}
