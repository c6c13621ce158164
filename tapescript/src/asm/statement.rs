//! Statements: an op with its operands, a variable, a macro call, a comment, or the beginning of a block.

use super::block::{Part, Statements};
use super::error::{AssembleError, Fault, quote};
use super::operand::{BYTE, NAME, PLAIN_COUNT, PUSH, SOFT_FORK, operands, write_key_and_count};
use super::token::Token;
use super::value::is_name;
use super::word::{BLOCK_WORDS, Word, lookup, similar};
use crate::error::ErrorKind;
use crate::op::Op;

impl<'t, 's> Statements<'_, '_, 't, 's> {
    /// Assembles the statement that this token begins; it was just taken.
    pub(super) fn statement(&mut self, token: &'t Token<'s>) -> Result<(), AssembleError> {
        match token.text() {
            "#" | "\"" | "'" => return self.comment(token),
            "@=" => return self.set_variable(token),
            _ => {}
        }
        let assembler = self.session.assembler;
        let in_definition = matches!(self.part(), Some(Part::Definition { .. }));
        match lookup(assembler, token.text(), in_definition) {
            Some(Word::Push) => PUSH.write(assembler, token, &mut self.cursor, &mut self.code),
            Some(Word::Nop(code)) => {
                self.code.push(code);
                BYTE.write(assembler, token, &mut self.cursor, &mut self.code)
            }
            Some(Word::SoftFork(code)) => {
                self.code.push(code);
                SOFT_FORK.write(assembler, token, &mut self.cursor, &mut self.code)
            }
            Some(Word::Try) => self.begin(token, Op::TryExcept),
            Some(Word::Op(Op::IfElse | Op::TryExcept)) => {
                let fault = Fault::value(format!("{} is no word for sources", quote(token.text())));
                Err(token.fail(fault, "`IF` … `ELSE` …, or `TRY` … `EXCEPT` …"))
            }
            Some(Word::Op(op @ (Op::If | Op::Def | Op::Loop))) => self.begin(token, op),
            Some(Word::Op(Op::WriteCache)) => {
                self.code.push(Op::WriteCache.code());
                write_key_and_count(token, &mut self.cursor, &mut self.code)
            }
            Some(Word::Op(op)) => {
                self.code.push(op.code());
                operands(op).iter().try_for_each(|operand| {
                    operand.write(assembler, token, &mut self.cursor, &mut self.code)
                })
            }
            None => self.reference(token),
        }
    }

    /// Skips a comment, up to the same mark as the one that begins it.
    fn comment(&mut self, mark: &Token<'s>) -> Result<(), AssembleError> {
        while let Some(token) = self.cursor.peek(0) {
            self.cursor.index += 1;
            if token.text() == mark.text() {
                return Ok(());
            }
        }
        let fault = Fault::syntax("a comment is not closed");
        Err(mark.fail(fault, format!("another {} as a word of its own", quote(mark.text()))))
    }

    /// `@= name count`, or `@= name [ values ]`.
    fn set_variable(&mut self, opener: &'t Token<'s>) -> Result<(), AssembleError> {
        let expected = "`@= name [ values ]` or `@= name count`";
        let name = self.cursor.take(opener, expected)?;
        if !is_name(name.text()) {
            let fault = Fault::syntax(format!("{} is no name for a variable", quote(name.text())));
            return Err(name.fail(fault, "letters and digits"));
        }
        let value = self.cursor.take(opener, expected)?;
        let count = if value.is("[") {
            let values = self.cursor.take_until(self.cursor.close(value)?);
            for value in values {
                self.code.extend(PUSH.read(value)?);
            }
            let too_many = |_| Fault::syntax(format!("{} values are too many", values.len()));
            let count = u8::try_from(values.len()).map_err(too_many);
            vec![count.map_err(|fault| value.fail(fault, "at most 255"))?]
        } else {
            PLAIN_COUNT.read(value)?
        };
        self.code.push(Op::WriteCache.code());
        self.code.extend(NAME.read(name)?);
        self.code.extend(count);
        Ok(())
    }

    /// `@name`, `@#name` or `!name [ arguments ]`; everything else is unknown.
    fn reference(&mut self, token: &'t Token<'s>) -> Result<(), AssembleError> {
        let text = token.text();
        let named = |prefix| text.strip_prefix(prefix).filter(|name| is_name(name));
        let (op, name) = if let Some(name) = named("!") {
            return self.call_macro(token, name);
        } else if let Some(name) = named("@#") {
            (Op::ReadCacheSize, name)
        } else if let Some(name) = named("@") {
            (Op::ReadCache, name)
        } else {
            return Err(self.unknown(token));
        };
        let Ok(length) = u8::try_from(name.len()) else {
            let wrong = format!("a name of {} bytes is too long", name.len());
            return Err(token.fail(Fault::new(ErrorKind::Overflow, wrong), "at most 255"));
        };
        self.code.extend([op.code(), length]);
        self.code.extend(name.as_bytes());
        Ok(())
    }

    fn call_macro(&mut self, call: &'t Token<'s>, name: &str) -> Result<(), AssembleError> {
        let expected = "`!name [ arguments ]`";
        let template = self.macros.get(call, name)?;
        let open = self.cursor.take(call, expected)?;
        if !open.is("[") {
            let fault = Fault::syntax(format!("{} stands where `[` should", quote(open.text())));
            return Err(open.fail(fault, expected));
        }
        let arguments = self.cursor.take_until(self.cursor.close(open)?);
        let expansion = template.expand(self.session, call, arguments)?;
        self.code.extend(self.session.assemble_expansion(call, &expansion)?);
        Ok(())
    }

    /// The error of a word that begins no statement.
    fn unknown(&self, token: &Token<'_>) -> AssembleError {
        let text = token.text();
        let name = quote(text);
        let wrong = if BLOCK_WORDS.contains(&text) {
            format!("{name} is out of place")
        } else if text == "END_TRY" {
            format!("{name} ends no block: a `TRY` without braces ends with `EXCEPT`")
        } else if text.starts_with("//") || text.starts_with('#') {
            format!("{name} begins no comment: it is `# … #`, with blanks around both marks")
        } else if lookup(self.session.assembler, text, false).is_some() {
            format!("the alias {name} is unknown directly in a definition")
        } else if let Some(known) = similar(text) {
            format!("{name} is unknown; did you mean `{known}`?")
        } else {
            format!("{name} is unknown")
        };
        token.fail(Fault::syntax(wrong), self.expected())
    }

    /// What may begin a statement here.
    fn expected(&self) -> &'static str {
        match self.part() {
            None => "an op, a block, a variable, a macro call or a comment",
            Some(Part::Condition { .. }) => "a statement, or `)`",
            Some(Part::If) => "a statement, `}`, `ELSE` or `END_IF`",
            Some(Part::Else) => "a statement, `}` or `END_IF`",
            Some(Part::Try) => "a statement, `}` or `EXCEPT`",
            Some(Part::Except) => "a statement, `}` or `END_EXCEPT`",
            Some(Part::Loop) => "a statement, `}` or `END_LOOP`",
            Some(Part::Definition { .. }) => {
                "a statement, `}` or `END_DEF`; of aliases only those without `OP_`"
            }
        }
    }
}
