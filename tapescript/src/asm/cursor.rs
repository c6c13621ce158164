//! The tokens of one list, and what of them is still to be read.

use super::error::{AssembleError, Fault};
use super::token::Token;

/// Words and marks that end a block, in the order of [`Cursor::ends`].
const ENDS: [&str; 7] = ["}", "END_IF", "END_TRY", "EXCEPT", "END_EXCEPT", "END_LOOP", "END_DEF"];

/// A place in a list of tokens.
#[derive(Debug)]
pub(super) struct Cursor<'t, 's> {
    tokens: &'t [Token<'s>],
    /// Of each opening bracket the index of the one that closes it.
    closing: Vec<Option<u32>>,
    /// Of each of the ends where it stands.
    ends: [Vec<usize>; ENDS.len()],
    pub(super) index: usize,
    /// What comes from here on is out of reach: the end of the list, or of a condition in it.
    pub(super) end: usize,
}

impl<'t, 's> Cursor<'t, 's> {
    pub(super) fn new(tokens: &'t [Token<'s>]) -> Self {
        let ends = ENDS.map(|end| {
            let places = tokens.iter().enumerate().filter(|(_, token)| token.is(end));
            places.map(|(index, _)| index).collect()
        });
        Self { tokens, closing: closing(tokens), ends, index: 0, end: tokens.len() }
    }

    /// The token that comes after the next `skipped` ones.
    pub(super) fn peek(&self, skipped: usize) -> Option<&'t Token<'s>> {
        let index = self.index + skipped;
        if index < self.end { self.tokens.get(index) } else { None }
    }

    pub(super) fn next_is(&self, text: &str) -> bool {
        self.peek(0).is_some_and(|token| token.is(text))
    }

    /// Takes the next token, without which what `owner` began is incomplete. The error is at the last token taken.
    pub(super) fn take(
        &mut self,
        owner: &Token<'_>,
        expected: &'static str,
    ) -> Result<&'t Token<'s>, AssembleError> {
        let token = self.peek(0).ok_or_else(|| {
            let last = self.index.checked_sub(1).and_then(|last| self.tokens.get(last));
            last.unwrap_or(owner).nothing_follows(expected)
        })?;
        self.index += 1;
        Ok(token)
    }

    /// The index where this end comes next.
    pub(super) fn find(&self, end: &'static str) -> Option<usize> {
        let slot = ENDS.iter().position(|text| *text == end)?;
        let places = self.ends.get(slot)?;
        let next = places.get(places.partition_point(|place| *place < self.index))?;
        Some(*next).filter(|index| *index < self.end)
    }

    /// The index of the bracket that closes the one just taken.
    pub(super) fn close(&self, open: &Token<'_>) -> Result<usize, AssembleError> {
        let end =
            self.index.checked_sub(1).and_then(|open| self.closing.get(open).copied().flatten());
        let end = end.map(|end| end as usize).filter(|end| *end < self.end);
        end.ok_or_else(|| not_closed(open))
    }

    /// Goes on behind this index, and gives the bytes of the tokens that are read again for that.
    pub(super) fn go_behind(&mut self, index: usize) -> usize {
        let again = self.tokens.get(index + 1..self.index).unwrap_or_default();
        self.index = index + 1;
        again.iter().map(|token| token.text().len() + 1).sum()
    }

    /// Takes what comes before this index, and what stands there, too.
    pub(super) fn take_until(&mut self, end: usize) -> &'t [Token<'s>] {
        let taken = self.tokens.get(self.index..end).unwrap_or_default();
        self.index = end + 1;
        taken
    }
}

/// The error of a bracket that is never closed.
fn not_closed(open: &Token<'_>) -> AssembleError {
    let (name, mark) = match open.text() {
        "[" => ("a list", "`]`"),
        "(" => ("a condition", "`)`"),
        _ => ("a block", "`}`"),
    };
    open.fail(Fault::value(format!("{name} is not closed")), format!("{mark} further down"))
}

/// Of each opening bracket the index of the one that closes it. Brackets of the three kinds are not aware of each
/// other, nor are they of comments.
fn closing(tokens: &[Token<'_>]) -> Vec<Option<u32>> {
    let mut closing = vec![None; tokens.len()];
    let mut open: [Vec<usize>; 3] = Default::default();
    for (index, token) in tokens.iter().enumerate() {
        let [round, square, curly] = &mut open;
        let (stack, opens) = match token.text() {
            "(" => (round, true),
            ")" => (round, false),
            "[" => (square, true),
            "]" => (square, false),
            "{" => (curly, true),
            "}" => (curly, false),
            _ => continue,
        };
        if opens {
            stack.push(index);
        } else if let Some(slot) = stack.pop().and_then(|open| closing.get_mut(open)) {
            *slot = u32::try_from(index).ok();
        }
    }
    closing
}
