//! Blocks: the ops that have other code inside of them.

use super::cursor::Cursor;
use super::error::{AssembleError, Fault, quote};
use super::macros::Macros;
use super::operand::HANDLE;
use super::session::Session;
use super::token::Token;
use crate::error::ErrorKind;
use crate::op::Op;

/// The part of a block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The statements in brackets behind `IF`, whose code comes before the op.
    Condition {
        /// Where the list around the brackets ends.
        outer_end: usize,
    },
    If,
    Else,
    Try,
    Except,
    Loop,
    Definition {
        /// Where its last token is, by the count of brackets. Blocks in it can end behind that: they do not see the
        /// brackets in comments, which the count does see.
        end: usize,
    },
}

impl Part {
    /// The words that end the part if it does not begin with `{`.
    const fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Condition { .. } => &[")"],
            Self::If | Self::Else => &["END_IF"],
            Self::Try => &["END_TRY", "EXCEPT"],
            Self::Except => &["END_EXCEPT"],
            Self::Loop => &["END_LOOP"],
            Self::Definition { .. } => &["END_DEF"],
        }
    }

    /// How the part is written.
    const fn body(self) -> &'static str {
        match self {
            Self::Condition { .. } => "`)` further down",
            Self::If | Self::Else => "`{` statements `}`, or statements and `END_IF`",
            Self::Try => "`{` statements `}`, or statements and `EXCEPT`",
            Self::Except => "`{` statements `}`, or statements and `END_EXCEPT`",
            Self::Loop => "`{` statements `}`, or statements and `END_LOOP`",
            Self::Definition { .. } => "`{` statements `}`, or statements and `END_DEF`",
        }
    }
}

/// A block that is open.
#[derive(Debug)]
struct Open<'t, 's> {
    part: Part,
    opener: &'t Token<'s>,
    /// Where its op is in the code.
    op: usize,
    /// Where the length of the part is; the part follows.
    length: usize,
}

/// A list of tokens and the code of its statements.
#[derive(Debug)]
pub(super) struct Statements<'w, 'a, 't, 's> {
    pub(super) session: &'w mut Session<'a>,
    pub(super) macros: &'w Macros<'s>,
    pub(super) cursor: Cursor<'t, 's>,
    pub(super) code: Vec<u8>,
    open: Vec<Open<'t, 's>>,
}

impl<'w, 'a, 't, 's> Statements<'w, 'a, 't, 's> {
    pub(super) fn new(
        session: &'w mut Session<'a>,
        tokens: &'t [Token<'s>],
        macros: &'w Macros<'s>,
    ) -> Self {
        let cursor = Cursor::new(tokens);
        Self { session, macros, cursor, code: Vec::new(), open: Vec::new() }
    }

    /// Assembles all of them.
    pub(super) fn assemble(mut self) -> Result<Vec<u8>, AssembleError> {
        loop {
            // A part also ends where its list does.
            let Some(token) = self.cursor.peek(0) else {
                if self.open.is_empty() {
                    return Ok(self.code);
                }
                self.close()?;
                continue;
            };
            if !self.part_ends(token)? {
                self.cursor.index += 1;
                self.statement(token)?;
                self.session.check_size(&self.code, token)?;
            }
        }
    }

    /// The part that the next statement is directly in.
    pub(super) fn part(&self) -> Option<Part> {
        self.open.last().map(|open| open.part)
    }

    /// Begins the block of this word.
    pub(super) fn begin(&mut self, opener: &'t Token<'s>, op: Op) -> Result<(), AssembleError> {
        match op {
            Op::If if self.cursor.next_is("(") => {
                let bracket = self.cursor.take(opener, Part::If.body())?;
                let end = self.cursor.close(bracket)?;
                let outer_end = std::mem::replace(&mut self.cursor.end, end);
                self.push(Part::Condition { outer_end }, opener, self.code.len())
            }
            Op::Def => self.begin_definition(opener),
            Op::If => self.begin_part(Part::If, opener, op),
            Op::TryExcept => self.begin_part(Part::Try, opener, op),
            _ => self.begin_part(Part::Loop, opener, op),
        }
    }

    fn begin_definition(&mut self, opener: &'t Token<'s>) -> Result<(), AssembleError> {
        if matches!(self.part(), Some(Part::Definition { .. })) {
            let fault = Fault::syntax("a definition stands directly in another one");
            return Err(opener.fail(fault, "definitions side by side"));
        }
        let op = self.code.len();
        self.code.push(Op::Def.code());
        HANDLE.write(self.session.assembler, opener, &mut self.cursor, &mut self.code)?;
        let end = match self.braces(Part::Definition { end: 0 }, opener)? {
            Some(brace) => self.cursor.close(brace)?,
            None => self.cursor.find("END_DEF").unwrap_or(self.cursor.end),
        };
        self.push(Part::Definition { end }, opener, op)
    }

    fn begin_part(
        &mut self,
        part: Part,
        opener: &'t Token<'s>,
        op: Op,
    ) -> Result<(), AssembleError> {
        self.braces(part, opener)?;
        let start = self.code.len();
        self.code.push(op.code());
        self.push(part, opener, start)
    }

    /// Takes the opening brace if there is one, and checks that the part ends somewhere, at least by the looks of it.
    fn braces(
        &mut self,
        part: Part,
        opener: &Token<'s>,
    ) -> Result<Option<&'t Token<'s>>, AssembleError> {
        let next = self.cursor.peek(0).ok_or_else(|| opener.nothing_follows(part.body()))?;
        let brace = next.is("{").then_some(next);
        let ends = if brace.is_some() { &["}"] } else { part.ends() };
        if !ends.iter().any(|end| self.cursor.find(end).is_some()) {
            let fault = Fault::syntax(format!("{} has no end", quote(opener.text())));
            return Err(opener.fail(fault, part.body()));
        }
        self.cursor.index += usize::from(brace.is_some());
        Ok(brace)
    }

    fn push(&mut self, part: Part, opener: &'t Token<'s>, op: usize) -> Result<(), AssembleError> {
        self.session.check_depth(self.open.len(), opener)?;
        let length = self.code.len();
        if !matches!(part, Part::Condition { .. }) {
            self.code.extend([0; 2]);
        }
        self.open.push(Open { part, opener, op, length });
        Ok(())
    }

    /// Whether this token ends the open part; then it is taken, and what follows the part is begun.
    fn part_ends(&mut self, token: &'t Token<'s>) -> Result<bool, AssembleError> {
        let Some(open) = self.open.last() else { return Ok(false) };
        let next = match (open.part, token.text()) {
            (Part::If, "}") => self.cursor.peek(1).filter(|next| next.is("ELSE")),
            (Part::If, "ELSE") | (Part::Try, "EXCEPT") => Some(token),
            (Part::If, "END_IF") => {
                // The reference loses the symbol behind it, and so does everybody who wants the same code.
                self.cursor.index += 1;
                None
            }
            (Part::Try, "}") => {
                let more = self.cursor.peek(2).is_some();
                self.cursor.peek(1).filter(|next| more && next.is("EXCEPT"))
            }
            (Part::Except, "EXCEPT") => {
                let fault = Fault::syntax("`EXCEPT` stands in another one");
                return Err(token.fail(fault, "`}` or `END_EXCEPT`"));
            }
            (Part::Definition { end }, _) if self.cursor.index >= end => None,
            (Part::Else, "}" | "END_IF")
            | (Part::Except, "}" | "END_EXCEPT")
            | (Part::Loop, "}" | "END_LOOP")
            | (Part::Definition { .. }, "}" | "END_DEF") => None,
            _ => return Ok(false),
        };
        self.cursor.index += 1;
        match next {
            None => self.close()?,
            Some(word) => {
                self.cursor.index += usize::from(!std::ptr::eq(word, token));
                self.second_part(word)?;
            }
        }
        Ok(true)
    }

    /// Begins `ELSE` or `EXCEPT` in the block that is open.
    fn second_part(&mut self, opener: &'t Token<'s>) -> Result<(), AssembleError> {
        let Some(first) = self.open.pop() else { return Ok(()) };
        self.write_length(&first)?;
        let part = if first.part == Part::If { Part::Else } else { Part::Except };
        if part == Part::Else
            && let Some(op) = self.code.get_mut(first.op)
        {
            *op = Op::IfElse.code();
        }
        self.braces(part, opener)?;
        self.push(part, opener, first.op)
    }

    /// Ends the block that is open.
    fn close(&mut self) -> Result<(), AssembleError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        match open.part {
            Part::Condition { outer_end } => {
                self.cursor.index = self.cursor.end + 1;
                self.cursor.end = outer_end;
                return self.begin_part(Part::If, open.opener, Op::If);
            }
            Part::Definition { end } => {
                // What lies between an early end and the last token is lost, and what blocks took of the tokens behind
                // is read again.
                let again = self.cursor.go_behind(end);
                self.session.spend(again, open.opener)?;
            }
            _ => {}
        }
        self.write_length(&open)?;
        if open.part == Part::Try {
            self.code.extend([0; 2]);
        }
        Ok(())
    }

    fn write_length(&mut self, open: &Open<'t, 's>) -> Result<(), AssembleError> {
        let length = self.code.len().saturating_sub(open.length + 2);
        let Ok(length) = u16::try_from(length) else {
            let kind = match open.part {
                Part::Definition { .. } => ErrorKind::Syntax,
                _ => ErrorKind::Overflow,
            };
            let fault = Fault::new(kind, format!("the block has {length} bytes of code"));
            return Err(open.opener.fail(fault, "at most 65535"));
        };
        if let Some(place) = self.code.get_mut(open.length..open.length + 2) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }
}
