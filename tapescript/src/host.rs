//! What a host can add to the language: contracts, plugins and soft forks.

use std::fmt;
use std::sync::Arc;

use crate::cache::Cache;
use crate::error::Error;
use crate::num::Int;
use crate::stack::{Item, Stack};
use crate::tape::Tape;
use crate::value::Value;

/// What scripts may call by INVOKE or ask about transfers by CHECK_TRANSFER, found by its id.
///
/// Give what the contract can do; both parts are absent by default.
pub trait Contract: Send + Sync {
    /// What INVOKE calls.
    fn as_invoke(&self) -> Option<&dyn Invoke> {
        None
    }

    /// What CHECK_TRANSFER asks.
    fn as_transfer(&self) -> Option<&dyn Transfer> {
        None
    }
}

/// A contract that scripts call.
pub trait Invoke {
    /// Answers a call: a [`Value::List`] of [`Value::Bytes`], which goes onto the stack, or [`Value::None`].
    ///
    /// # Errors
    ///
    /// Whatever shall end the script; it may catch it.
    fn invoke(&self, arguments: Vec<Item>) -> Result<Value, Error>;
}

/// A contract that knows about transfers.
pub trait Transfer {
    /// Whether a proof of a transaction holds.
    ///
    /// # Errors
    ///
    /// Whatever shall end the script; it may catch it. The same for the other functions.
    fn verify_proof(&self, proof: &[u8]) -> Result<bool, Error>;

    /// Whether a proven transaction goes from the source to the destination.
    #[allow(clippy::missing_errors_doc, reason = "said above")]
    fn verify_transfer(
        &self,
        proof: &[u8],
        source: &[u8],
        destination: &[u8],
    ) -> Result<bool, Error>;

    /// Whether a proven transaction keeps to a constraint.
    #[allow(clippy::missing_errors_doc, reason = "said above")]
    fn verify_constraint(&self, proof: &[u8], constraint: &[u8]) -> Result<bool, Error>;

    /// How much the proven transactions bring to a destination; nothing if they do not concern it.
    #[allow(clippy::missing_errors_doc, reason = "said above")]
    fn aggregate(&self, proofs: &[Item], destination: &[u8]) -> Result<Option<Int>, Error>;
}

/// What a plugin may look at and change.
#[derive(Debug)]
#[non_exhaustive]
pub struct Access<'a> {
    /// The stack of the run; for a template check one of its own, with the field and on top the template.
    pub stack: &'a mut Stack,
    /// The cache of the run.
    pub cache: &'a mut Cache,
}

/// Runs before an op builds the message of a signature, and may change the fields.
pub type SignatureExtension = Arc<dyn Fn(&mut Access<'_>) -> Result<(), Error> + Send + Sync>;

/// Says whether a field fits a template, instead of the comparison.
pub type TemplateCheck = Arc<dyn Fn(&mut Access<'_>) -> Result<bool, Error> + Send + Sync>;

/// What an op of a [`SoftFork`] works with.
#[derive(Debug)]
pub struct Operation<'a> {
    pub(crate) tape: &'a Tape,
    pub(crate) stack: &'a mut Stack,
    pub(crate) cache: &'a mut Cache,
}

impl Operation<'_> {
    /// Takes operands of the op from the tape.
    ///
    /// # Errors
    ///
    /// If the tape has fewer bytes.
    pub fn read(&mut self, count: usize) -> Result<&[u8], Error> {
        self.tape.read(count)
    }

    /// The stack of the run.
    pub fn stack(&mut self) -> &mut Stack {
        self.stack
    }

    /// The cache of the run.
    pub fn cache(&mut self) -> &mut Cache {
        self.cache
    }
}

type Implementation = dyn Fn(&mut Operation<'_>) -> Result<(), Error> + Send + Sync;

/// An op in the place of a NOP.
///
/// Where the fork is not known, the NOP reads one byte as a count and drops as many items; so the op should read one
/// byte, take as many items, and only fail or not.
#[derive(Clone)]
pub struct SoftFork {
    code: u8,
    name: String,
    aliases: Vec<String>,
    op: Arc<Implementation>,
}

impl SoftFork {
    /// An op with the code of a NOP and a name that begins with `OP_`; names are made upper case.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the code is that of an op of the language, or the name does
    /// not begin with `OP_`.
    pub fn new(
        code: u8,
        name: &str,
        op: impl Fn(&mut Operation<'_>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let name = name.to_uppercase();
        if code < crate::Op::COUNT {
            return Err(Error::value(format!(
                "{code} is an op of the language: NOPs begin at {}",
                crate::Op::COUNT
            )));
        }
        if !name.starts_with("OP_") {
            return Err(Error::value(format!("the name `{name}` must begin with `OP_`")));
        }
        Ok(Self { code, name, aliases: Vec::new(), op: Arc::new(op) })
    }

    /// The fork with one more name for source text.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_uppercase());
        self
    }

    /// The code of the op.
    #[must_use]
    pub const fn code(&self) -> u8 {
        self.code
    }

    /// The name of the op.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The other names of the op.
    #[must_use]
    pub fn aliases(&self) -> &[String] {
        &self.aliases
    }

    pub(crate) fn run(&self, operation: &mut Operation<'_>) -> Result<(), Error> {
        (self.op)(operation)
    }
}

impl fmt::Debug for SoftFork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftFork")
            .field("code", &self.code)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
