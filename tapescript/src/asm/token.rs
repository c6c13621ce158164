//! Source text to tokens.

use std::borrow::Cow;

use super::error::{AssembleError, Fault, Position, quote};
use super::value::is_numeric;
use crate::error::ErrorKind;

/// A word, a number, a mark or a string of the source text.
///
/// Most words are in upper case whatever the source has; names and values are as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) position: Position,
}

impl Token<'_> {
    /// The text that counts.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the token stands in the source.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(super) fn fail(
        &self,
        fault: Fault,
        expected: impl Into<Cow<'static, str>>,
    ) -> AssembleError {
        AssembleError::new(fault, expected, self.position)
    }

    /// The error if the text ends behind this token although something must follow.
    pub(super) fn nothing_follows(&self, expected: impl Into<Cow<'static, str>>) -> AssembleError {
        let wrong = format!("nothing follows {}", quote(self.text()));
        self.fail(Fault::new(ErrorKind::Index, wrong), expected)
    }
}

/// Splits source text into its tokens.
///
/// Comments are no matter of tokens: their words are tokens like all others.
///
/// # Errors
///
/// If a string or an assignment does not end before the text does.
///
/// # Examples
///
/// ```
/// let tokens = tapescript::asm::tokens("push s\"a b\"\ntrue")?;
/// assert_eq!(tokens.iter().map(|token| token.text()).collect::<Vec<_>>(), ["PUSH", "s\"a b\"", "TRUE"]);
/// assert_eq!(tokens[2].position().line, 2);
/// # Ok::<(), tapescript::asm::AssembleError>(())
/// ```
pub fn tokens(source: &str) -> Result<Vec<Token<'_>>, AssembleError> {
    let mut words = Words { source, offset: 0, line: 1, column: 1 };
    let mut tokens = Vec::new();
    while let Some(word) = words.next() {
        let takes_next = word.text.starts_with("@=") || word.text.starts_with("!=");
        let first = word.clone();
        tokens.push(token(word, &mut words)?);
        if takes_next {
            let name = words.next();
            tokens.push(name.ok_or_else(|| first.nothing_follows("a name"))?);
        }
    }
    Ok(tokens)
}

/// The token that begins with this word.
fn token<'s>(word: Token<'s>, words: &mut Words<'s>) -> Result<Token<'s>, AssembleError> {
    let mut chars = word.text.chars();
    let first = chars.next().unwrap_or_default();
    let rest = chars.as_str();
    let keep = match first {
        's' => match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => return string(word, quote, words),
            Some(_) => false,
            None => {
                let fault = Fault::new(ErrorKind::Index, "the text after `s` is missing");
                return Err(word.fail(fault, "the text right behind the `s`, best in quotes"));
            }
        },
        'd' => is_numeric(rest),
        'x' => rest.bytes().all(|byte| byte.is_ascii_hexdigit()),
        '!' | '@' => true,
        _ => false,
    };
    // Most words of tidy sources need no memory of their own.
    if keep || !word.text.chars().any(|c| c.is_lowercase() || !c.is_ascii()) {
        return Ok(word);
    }
    Ok(Token { text: word.text.to_uppercase().into(), ..word })
}

/// The string that begins with this word: it ends with a word that has the quote in it, and each run of white space
/// inside is a single blank. The first character behind the opening quote never ends it.
fn string<'s>(
    first: Token<'s>,
    quote: char,
    words: &mut Words<'s>,
) -> Result<Token<'s>, AssembleError> {
    let content = first.text.get(2..).unwrap_or_default();
    if content.chars().skip(1).any(|c| c == quote) {
        return Ok(first);
    }
    let mut text = String::from(&*first.text);
    for word in words {
        text.push(' ');
        text.push_str(&word.text);
        if word.text.contains(quote) {
            let position = first.position.to(word.position);
            return Ok(Token { text: text.into(), position });
        }
    }
    let fault = Fault::syntax("a string is not closed");
    Err(first.fail(fault, format!("another `{quote}` further down")))
}

/// The words between white space, with their places.
struct Words<'s> {
    source: &'s str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'s> Words<'s> {
    /// Goes on behind the next `length` bytes, which it gives.
    fn advance(&mut self, length: usize) -> &'s str {
        let end = self.offset + length;
        let passed = self.source.get(self.offset..end).unwrap_or_default();
        for c in passed.chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.offset = end;
        passed
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.offset..).unwrap_or_default()
    }
}

impl<'s> Iterator for Words<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        let start = self.rest().find(|c| !is_space(c))?;
        self.advance(start);
        let (start, line, column) = (self.offset, self.line, self.column);
        let rest = self.rest();
        let word = self.advance(rest.find(is_space).unwrap_or(rest.len()));
        let position = Position { start, end: self.offset, line, column };
        Some(Token { text: word.into(), position })
    }
}

/// White space as the reference's language knows it: four more control characters than Unicode's property.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
