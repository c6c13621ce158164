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
pub struct AssembleError(Box<Mistake>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mistake {
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
        Self(Box::new(Mistake { fault, expected: expected.into(), position, call: None }))
    }

    pub(super) fn moved_to(mut self, position: Position) -> Self {
        self.0.position = position;
        self
    }

    pub(super) fn called_at(mut self, position: Position) -> Self {
        self.0.call = Some(position);
        self
    }

    /// The kind of the error, as the reference names it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.fault.kind
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.fault.wrong
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0.expected
    }

    /// Where the guilty token stands; inside a macro that is its place in the definition or in the call's list.
    #[must_use]
    pub fn position(&self) -> Position {
        self.0.position
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
        let Position { line, .. } = self.0.position;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let (text, mark) = self.excerpt(source);
        let mut lines = vec![
            format!("{}: {}", self.0.fault.kind.name(), self.0.fault.wrong),
            format!("{margin}--> {}", self.0.position),
            format!("{margin} |"),
            format!("{number} | {text}"),
            format!("{margin} | {mark}"),
            format!("{margin} = expected {}", self.0.expected),
        ];
        if let Some(call) = self.0.call {
            lines.push(format!("{margin} = in the macro that is called on {call}"));
        }
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n")
    }

    /// The part of the source line around the token, and carets that stand below it.
    fn excerpt<'s>(&self, source: &'s str) -> (String, String) {
        let Position { start, end, .. } = self.0.position;
        let first_line = |text: &'s str| text.split('\n').next().unwrap_or_default().trim_end();
        let before = source.get(..start).unwrap_or_default();
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = source.get(start..).unwrap_or_default();
        let after = first_line(after);
        let token = source.get(start..end).unwrap_or_default();
        let token = first_line(token);

        let column = before.chars().count();
        let is_long = column + after.chars().take(LINE_WIDTH + 1).count() > LINE_WIDTH;
        let skipped = if is_long { column.saturating_sub(CONTEXT) } else { 0 };
        let mut indent = column - skipped;
        let width = token.chars().take(LINE_WIDTH.saturating_sub(indent)).count().max(1);
        // Tabs are shown as blanks, so that the mark stands below the token.
        let mut rest = before.chars().chain(after.chars()).map(visible).skip(skipped);
        let mut text: String = rest.by_ref().take(LINE_WIDTH).collect();
        if skipped > 0 {
            text.insert(0, '…');
            indent += 1;
        }
        if rest.next().is_some() {
            text.push('…');
        }
        (text, " ".repeat(indent) + &"^".repeat(width))
    }
}

impl fmt::Display for AssembleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; expected {}", self.0.position, self.0.fault.wrong, self.0.expected)?;
        match self.0.call {
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
    let mut chars = text.chars().map(visible);
    let mut quoted: String = chars.by_ref().take(EXCERPT).collect();
    if chars.next().is_some() {
        quoted.push('…');
    }
    format!("`{quoted}`")
}

/// The character, or a blank for one that moves others about in a terminal: control characters, separators of lines,
/// and marks that turn the direction of writing.
const fn visible(c: char) -> char {
    match c {
        '\0'..='\x1f'
        | '\x7f'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => ' ',
        c => c,
    }
}
