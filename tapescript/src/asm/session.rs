//! What all parts of one source text share: the limits, and how a list of tokens is assembled.

use super::block::Statements;
use super::comptime;
use super::error::{AssembleError, Fault};
use super::macros::{Expansion, Macros};
use super::token::Token;
use super::{Assembler, Comptime};
use crate::cache::Cache;
use crate::error::ErrorKind;
use crate::machine::Machine;

/// How deep blocks and comptime blocks may be nested together. The reference ends a little above.
pub(super) const MAX_DEPTH: usize = 480;

/// How deep macros may be defined inside of macros. Calls of those are nested natively.
const MAX_MACRO_DEPTH: usize = 16;

/// What is left of the limits while one source text is assembled.
#[derive(Debug)]
pub(super) struct Session<'a> {
    pub(super) assembler: &'a Assembler<'a>,
    /// What [`Session::spend`] may still count.
    budget: usize,
    /// How many comptime blocks are open around the list in work.
    pub(super) depth: usize,
    macro_depth: usize,
    /// The units of the machine's budget that scripts of comptime blocks have spent.
    spent: u64,
}

impl<'a> Session<'a> {
    pub(super) fn new(assembler: &'a Assembler<'a>) -> Self {
        let budget = assembler.max_output;
        Self { assembler, budget, depth: 0, macro_depth: 0, spent: 0 }
    }

    /// Assembles tokens of which nothing was done yet.
    pub(super) fn assemble(&mut self, tokens: Vec<Token<'_>>) -> Result<Vec<u8>, AssembleError> {
        let mut macros = Macros::default();
        let tokens = comptime::resolve(self, tokens, &mut macros)?;
        self.assemble_resolved(&tokens, &macros)
    }

    /// Assembles tokens that have no macro definitions and comptime blocks any more.
    pub(super) fn assemble_resolved(
        &mut self,
        tokens: &[Token<'_>],
        macros: &Macros<'_>,
    ) -> Result<Vec<u8>, AssembleError> {
        Statements::new(self, tokens, macros).assemble()
    }

    /// Assembles what a macro call stands for. Its text knows no macros but its own.
    pub(super) fn assemble_expansion(
        &mut self,
        call: &Token<'_>,
        expansion: &Expansion,
    ) -> Result<Vec<u8>, AssembleError> {
        if self.macro_depth == MAX_MACRO_DEPTH {
            let fault = Fault::new(ErrorKind::Recursion, "macros are nested too deep");
            return Err(call.fail(fault, format!("at most {MAX_MACRO_DEPTH} calls in each other")));
        }
        self.macro_depth += 1;
        let code = expansion.tokens().and_then(|tokens| self.assemble(tokens));
        self.macro_depth -= 1;
        code.map_err(|error| error.called_at(call.position()))
    }

    /// Runs the script of a comptime block, and gives the top of the stack.
    pub(super) fn run_comptime(
        &mut self,
        code: &[u8],
        opener: &Token<'_>,
    ) -> Result<Option<Vec<u8>>, AssembleError> {
        let result = match &self.assembler.comptime {
            None => {
                let fault = Fault::syntax("comptime blocks cannot be run here");
                let expected = "a machine given to the assembler, or `~` to only assemble";
                return Err(opener.fail(fault, expected));
            }
            Some(Comptime::Function(run)) => run(code),
            Some(Comptime::Machine(machine)) => {
                let mut limits = *machine.limits();
                limits.budget = limits.budget.saturating_sub(self.spent);
                let mut run = Machine::clone(machine).with_limits(limits).run(code, Cache::new());
                self.spent += run.spent;
                run.result.map(|()| run.stack.pull().ok().map(|item| item.to_vec()))
            }
        };
        result.map_err(|error| {
            let wrong = format!("the comptime block failed: {}", error.message());
            let expected = match error.kind() {
                ErrorKind::Exhausted => "blocks that stay within one budget, all of them together",
                _ => "statements that succeed",
            };
            opener.fail(Fault::new(error.kind(), wrong), expected)
        })
    }

    /// Counts work that is not in proportion to the length of the source: bytes that macros and comptime blocks
    /// produce, and tokens that are read once more.
    pub(super) fn spend(&mut self, amount: usize, token: &Token<'_>) -> Result<(), AssembleError> {
        let limit = self.assembler.max_output;
        self.budget = self.budget.checked_sub(amount).ok_or_else(|| {
            let fault =
                Fault::new(ErrorKind::Exhausted, "the source grows too much while it is read");
            token.fail(fault, format!("at most {limit} bytes from macros and comptime blocks"))
        })?;
        Ok(())
    }

    /// Checks the size of byte code.
    pub(super) fn check_size(&self, code: &[u8], token: &Token<'_>) -> Result<(), AssembleError> {
        let limit = self.assembler.max_output;
        if code.len() > limit {
            let fault = Fault::new(ErrorKind::Exhausted, "the byte code is too long");
            return Err(token.fail(fault, format!("at most {limit} bytes")));
        }
        Ok(())
    }

    /// Checks how deep a block is nested.
    pub(super) fn check_depth(&self, open: usize, token: &Token<'_>) -> Result<(), AssembleError> {
        if self.depth + open >= MAX_DEPTH {
            let fault = Fault::new(ErrorKind::Recursion, "blocks are nested too deep");
            return Err(token.fail(fault, format!("at most {MAX_DEPTH} open blocks")));
        }
        Ok(())
    }
}
