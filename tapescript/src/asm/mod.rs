//! The assembler: source text to byte code.
//!
//! A source is words between white space. Most are ops with their operands, which say by a letter what they are: `d`
//! decimal, `f` float, `x` hexadecimal, `s` text.
//!
//! ```
//! let code = tapescript::asm::assemble("push d5 push x0a add_ints d2 # a comment # if { true } else { false }")?;
//! assert_eq!(code, [2, 5, 2, 10, 14, 2, 0x2c, 0, 1, 1, 0, 1, 0]);
//! # Ok::<(), tapescript::asm::AssembleError>(())
//! ```
//!
//! # Untrusted text
//!
//! Any text is assembled or refused in a time that is proportional to its length and the [limit of the byte
//! code](Assembler::max_output) together, and with memory below 192 times that. Blocks may be nested 480 deep, and
//! macros 16. Scripts that comptime blocks run come on top: at most the [budget](crate::Limits::budget) of the
//! [machine given](Assembler::machine) for all of them together, or what a [function given](Assembler::comptime) does.

mod block;
mod comptime;
mod cursor;
mod encode;
mod error;
mod macros;
mod operand;
mod session;
mod soft_fork;
mod statement;
mod token;
mod value;
mod word;

use std::fmt;

use crate::error::Error;
use crate::machine::Machine;

pub(crate) use soft_fork::SoftForks;

pub use error::{AssembleError, Position};
pub use token::{Token, tokens};

use session::Session;

/// Assembles source text with the ops of the language, and without a machine for comptime blocks.
///
/// # Errors
///
/// If the text is not well formed, or beyond a limit.
///
/// # Examples
///
/// ```
/// assert_eq!(tapescript::asm::assemble("push x0a0b dup equal")?, [3, 2, 10, 11, 0x1d, 0x21]);
///
/// let error = tapescript::asm::assemble("push x0a\ndupe").unwrap_err();
/// assert_eq!(error.position().line, 2);
/// # Ok::<(), tapescript::asm::AssembleError>(())
/// ```
pub fn assemble(source: &str) -> Result<Vec<u8>, AssembleError> {
    Assembler::new().assemble(source)
}

/// Runs a script and gives the top of the stack.
type Runner<'h> = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, Error> + Send + Sync + 'h;

/// What runs scripts while source text is assembled.
enum Comptime<'h> {
    Function(Box<Runner<'h>>),
    Machine(&'h Machine),
}

/// Makes byte code of source text.
pub struct Assembler<'h> {
    soft_forks: SoftForks,
    comptime: Option<Comptime<'h>>,
    max_output: usize,
}

impl<'h> Assembler<'h> {
    /// The most bytes of byte code by default: 1 MiB.
    pub const MAX_OUTPUT: usize = 1 << 20;

    /// An assembler that knows the ops of the language only.
    #[must_use]
    pub fn new() -> Self {
        Self { soft_forks: SoftForks::default(), comptime: None, max_output: Self::MAX_OUTPUT }
    }

    /// Knows an op by which the host replaced the NOP of this code, one from [`Op::COUNT`](crate::Op::COUNT) on, under
    /// its name and aliases in upper case. Its operand is one byte, `d0` to `d255` or `x` and two hex digits.
    ///
    /// # Examples
    ///
    /// ```
    /// let assembler = tapescript::asm::Assembler::new().soft_fork(158, "OP_ALL_EQUAL", &["AE"]);
    /// assert_eq!(assembler.assemble("op_all_equal d200 ae x03")?, [158, 200, 158, 3]);
    /// assert!(assembler.assemble("nop158 d3").is_err());
    /// # Ok::<(), tapescript::asm::AssembleError>(())
    /// ```
    #[must_use]
    pub fn soft_fork(mut self, code: u8, name: &str, aliases: &[&str]) -> Self {
        self.soft_forks.add(code, name, aliases);
        self
    }

    /// Runs the scripts of comptime blocks `~! { … }` with this function, which gives the item on top of the stack or
    /// nothing. Without one, such blocks are refused.
    ///
    /// Source text can run any script in this way, so the function should give each a budget.
    ///
    /// # Examples
    ///
    /// ```
    /// let assembler = tapescript::asm::Assembler::new().comptime(|script| Ok(Some(script.to_vec())));
    /// assert_eq!(assembler.assemble("push ~! { true }")?, [2, 1]);
    /// # Ok::<(), tapescript::asm::AssembleError>(())
    /// ```
    #[must_use]
    pub fn comptime(
        self,
        run: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, Error> + Send + Sync + 'h,
    ) -> Self {
        Self { comptime: Some(Comptime::Function(Box::new(run))), ..self }
    }

    /// Runs the scripts of comptime blocks on a machine, and knows its soft forks. All blocks of a source together have
    /// the [budget](crate::Limits::budget) of the machine.
    ///
    /// # Examples
    ///
    /// ```
    /// use tapescript::{Machine, asm::Assembler};
    ///
    /// let machine = Machine::new();
    /// let code = Assembler::new().machine(&machine).assemble("push ~! { push d2 push d3 add d2 }")?;
    /// assert_eq!(code, [2, 5]);
    /// # Ok::<(), tapescript::asm::AssembleError>(())
    /// ```
    #[must_use]
    pub fn machine(self, machine: &'h Machine) -> Self {
        let known = machine.forks().fold(self, |known, fork| {
            let aliases: Vec<_> = fork.aliases().iter().map(String::as_str).collect();
            known.soft_fork(fork.code(), fork.name(), &aliases)
        });
        Self { comptime: Some(Comptime::Machine(machine)), ..known }
    }

    /// Refuses sources with more byte code than this; the default is [`Assembler::MAX_OUTPUT`]. The text that macros
    /// and comptime blocks produce must not be longer, either.
    #[must_use]
    pub fn max_output(self, bytes: usize) -> Self {
        Self { max_output: bytes, ..self }
    }

    /// Assembles source text.
    ///
    /// # Errors
    ///
    /// If the text is not well formed, beyond a limit, or if a comptime block of it fails.
    pub fn assemble(&self, source: &str) -> Result<Vec<u8>, AssembleError> {
        Session::new(self).assemble(tokens(source)?)
    }
}

impl Default for Assembler<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Assembler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("soft_forks", &self.soft_forks)
            .field("max_output", &self.max_output)
            .finish_non_exhaustive()
    }
}
