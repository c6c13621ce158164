//! The disassembler: byte code to source lines.

use std::fmt::Write as _;

use crate::asm::SoftForks;
use crate::error::{Error, ErrorKind};
use crate::machine::Machine;
use crate::num::Int;
use crate::op::Op;

/// How deep blocks may be nested.
const MAX_DEPTH: usize = 480;

/// How many bytes of indentation there may be in any case: 1 MiB.
const FREE_BLANKS: usize = 1 << 20;

/// How many more there may be for each byte of code.
const BLANKS_PER_BYTE: usize = 64;

const INDENT: &str = "    ";

/// Writes byte code as the lines of a source.
///
/// Most lines [assemble](crate::asm::assemble) to the same code again. These do not: NOPs with counts above 127, a
/// definition directly in another one, and numbers for `DIV_INT` and `MOD_INT` that are not minimal.
///
/// # Errors
///
/// As [`Disassembler::disassemble`].
///
/// # Examples
///
/// ```
/// let lines = tapescript::disasm::disassemble(&[0x2b, 0, 3, 3, 1, 10])?;
/// assert_eq!(lines, ["OP_IF {", "    OP_PUSH1 d1 x0a", "}"]);
/// # Ok::<(), tapescript::Error>(())
/// ```
pub fn disassemble(code: &[u8]) -> Result<Vec<String>, Error> {
    Disassembler::new().disassemble(code)
}

/// Writes the op that byte code begins with; of a block only its first line.
///
/// # Errors
///
/// As [`Disassembler::disassemble`].
///
/// # Examples
///
/// ```
/// assert_eq!(tapescript::disasm::first_line(&[0x02, 5, 0x1d])?, "OP_PUSH0 d5");
/// # Ok::<(), tapescript::Error>(())
/// ```
pub fn first_line(code: &[u8]) -> Result<String, Error> {
    Ok(match Disassembler::new().next(&mut Reader { code, at: 0 })? {
        Next::Line(line) | Next::Block(line, ..) => line,
    })
}

/// Makes source lines of byte code.
#[derive(Clone, Debug, Default)]
pub struct Disassembler {
    soft_forks: SoftForks,
    indent: u8,
}

impl Disassembler {
    /// A disassembler that knows the ops of the language only, and begins without indentation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Knows the soft forks of a machine.
    #[must_use]
    pub fn machine(self, machine: &Machine) -> Self {
        machine.forks().fold(self, |known, fork| known.soft_fork(fork.code(), fork.name()))
    }

    /// Writes this name for an op that the host put in the place of the NOP of this code.
    #[must_use]
    pub fn soft_fork(mut self, code: u8, name: &str) -> Self {
        self.soft_forks.add(code, name, &[]);
        self
    }

    /// Indents all lines by so many times four blanks; 0 by default.
    #[must_use]
    pub fn indent(self, indent: u8) -> Self {
        Self { indent, ..self }
    }

    /// Writes byte code as the lines of a source.
    ///
    /// The lines need at most 1 MiB and 256 times the memory of the code, apart from the indentation asked for.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Script`] if the code ends inside of an op, or if a `PUSH2` is longer than 32767 bytes: the
    ///   reference takes its length for negative and never ends.
    /// - [`ErrorKind::Value`] if a number has no bytes.
    /// - [`ErrorKind::Recursion`] if blocks are nested deeper than 480, or if so much code is nested so deep that the
    ///   lines would be mostly blanks.
    pub fn disassemble(&self, code: &[u8]) -> Result<Vec<String>, Error> {
        let depth = usize::from(self.indent);
        let per_byte = BLANKS_PER_BYTE + depth * INDENT.len();
        let blanks = code.len().saturating_mul(per_byte).saturating_add(FREE_BLANKS);
        let mut lines = Lines { lines: Vec::new(), depth, blanks };
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let mut tape = Reader { code, at: 0 };
        loop {
            if tape.has_ended() {
                let Some(block) = blocks.pop() else { return Ok(lines.lines) };
                tape = block.rest;
                lines.depth -= 1;
                match block.second {
                    None => lines.push("}")?,
                    // An empty part of `TRY` is left out, that of `IF` is not.
                    Some((word, part)) if word == "EXCEPT" && part.has_ended() => {
                        lines.push("}")?
                    }
                    Some((word, part)) => {
                        lines.push(&format!("}} {word} {{"))?;
                        lines.depth += 1;
                        blocks.push(Block { second: None, rest: tape });
                        tape = part;
                    }
                }
                continue;
            }
            match self.next(&mut tape)? {
                Next::Line(line) => lines.push(&line)?,
                Next::Block(opening, first, second) => {
                    if blocks.len() == MAX_DEPTH {
                        return Err(Error::new(ErrorKind::Recursion, "blocks are nested too deep"));
                    }
                    lines.push(&opening)?;
                    lines.depth += 1;
                    blocks.push(Block { second, rest: tape });
                    tape = first;
                }
            }
        }
    }

    /// Reads the next op. Errors say where it begins.
    fn next<'c>(&self, tape: &mut Reader<'c>) -> Result<Next<'c>, Error> {
        let at = tape.at;
        self.read(tape).map_err(|error| {
            Error::new(error.kind(), format!("the op at byte {at}: {}", error.message()))
        })
    }

    fn read<'c>(&self, tape: &mut Reader<'c>) -> Result<Next<'c>, Error> {
        let code = tape.byte()?;
        let Some(op) = Op::from_code(code) else {
            let count = tape.byte()?;
            return Ok(Next::Line(match self.soft_forks.name(code) {
                Some(name) => format!("{name} d{count}"),
                None => format!("NOP{code} d{count}"),
            }));
        };
        Ok(match op {
            Op::Def => {
                let handle = tape.byte()?;
                Next::Block(format!("OP_DEF {handle} {{"), tape.part()?, None)
            }
            Op::If => Next::Block("OP_IF {".into(), tape.part()?, None),
            Op::IfElse => Next::Block("OP_IF {".into(), tape.part()?, Some(("ELSE", tape.part()?))),
            Op::TryExcept => {
                Next::Block("OP_TRY {".into(), tape.part()?, Some(("EXCEPT", tape.part()?)))
            }
            Op::Loop => Next::Block("OP_LOOP {".into(), tape.part()?, None),
            _ => Next::Line(line(op, tape)?),
        })
    }
}

/// An op that was read.
enum Next<'c> {
    Line(String),
    /// A block: its first line, and the code of its one or two parts.
    Block(String, Reader<'c>, Option<Part<'c>>),
}

/// The second part of a block, and the word before it.
type Part<'c> = (&'static str, Reader<'c>);

/// A block that is open: what is still to be written of it, and the code behind it.
struct Block<'c> {
    second: Option<Part<'c>>,
    rest: Reader<'c>,
}

/// The line of an op that is no block.
fn line(op: Op, tape: &mut Reader<'_>) -> Result<String, Error> {
    let name = op.name();
    Ok(match op {
        Op::Push1 => {
            let value = tape.sized()?;
            format!("{name} d{} x{}", value.len(), hex(value))
        }
        Op::Push2 => {
            let length = tape.length()?;
            if i16::try_from(length).is_err() {
                return Err(Error::script("OP_PUSH2 takes sizes above 32767 for negative"));
            }
            format!("{name} d{length} x{}", hex(tape.bytes(length)?))
        }
        Op::ReadCache | Op::ReadCacheSize | Op::SetFlag | Op::UnsetFlag | Op::GetValue => {
            format!("{name} x{}", hex(tape.sized()?))
        }
        Op::DivInt | Op::ModInt => format!("{name} d{}", Int::from_bytes(tape.sized()?)?),
        Op::WriteCache => {
            let key = hex(tape.sized()?);
            format!("{name} x{key} d{}", tape.byte()?)
        }
        Op::Push0
        | Op::Pop1
        | Op::AddInts
        | Op::SubtractInts
        | Op::MultInts
        | Op::AddFloats
        | Op::SubtractFloats
        | Op::AddPoints
        | Op::Call
        | Op::Copy
        | Op::Shake256
        | Op::Reverse
        | Op::ClampScalar
        | Op::AddScalars
        | Op::SubtractScalars
        | Op::SubtractPoints => format!("{name} d{}", tape.byte()?.cast_signed()),
        Op::CheckSig
        | Op::CheckSigVerify
        | Op::Sign
        | Op::Taproot
        | Op::GetMessage
        | Op::CheckTemplate
        | Op::CheckTemplateVerify => format!("{name} x{}", hex(tape.bytes(1)?)),
        Op::DivFloat | Op::ModFloat => format!("{name} x{}", hex(tape.bytes(4)?)),
        Op::Swap => format!("{name} d{} d{}", tape.byte()?, tape.byte()?),
        Op::CheckMultisig | Op::CheckMultisigVerify => {
            let flags = hex(tape.bytes(1)?);
            format!("{name} x{flags} d{} d{}", tape.byte()?, tape.byte()?)
        }
        Op::Merkleval => format!("{name} x{}", hex(tape.bytes(32)?)),
        _ => name.into(),
    })
}

/// The lines so far.
struct Lines {
    lines: Vec<String>,
    depth: usize,
    /// How many bytes of indentation are still allowed.
    blanks: usize,
}

impl Lines {
    fn push(&mut self, text: &str) -> Result<(), Error> {
        let blanks = self.depth.saturating_mul(INDENT.len());
        let Some(left) = self.blanks.checked_sub(blanks) else {
            return Err(Error::new(ErrorKind::Recursion, "too much code is nested too deep"));
        };
        self.blanks = left;
        // Nothing is left over in a line: all of them together are large.
        let mut line = String::with_capacity(blanks.saturating_add(text.len()));
        line.extend(std::iter::repeat_n(INDENT, self.depth));
        line.push_str(text);
        self.lines.push(line);
        Ok(())
    }
}

/// A part of the code, and where it is read.
#[derive(Clone, Copy)]
struct Reader<'c> {
    /// All code up to the end of the part.
    code: &'c [u8],
    at: usize,
}

impl<'c> Reader<'c> {
    const fn has_ended(&self) -> bool {
        self.at >= self.code.len()
    }

    fn bytes(&mut self, length: usize) -> Result<&'c [u8], Error> {
        let end = self.at.saturating_add(length);
        let bytes = self.code.get(self.at..end);
        let bytes = bytes.ok_or_else(|| Error::script("the code ends inside of it"))?;
        self.at = end;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.bytes(1)?.first().copied().unwrap_or_default())
    }

    /// A length in two bytes.
    fn length(&mut self) -> Result<usize, Error> {
        Ok(usize::from(self.byte()?) << 8 | usize::from(self.byte()?))
    }

    /// Bytes behind their length in one byte.
    fn sized(&mut self) -> Result<&'c [u8], Error> {
        let length = self.byte()?;
        self.bytes(length.into())
    }

    /// Code behind its length in two bytes.
    fn part(&mut self) -> Result<Self, Error> {
        let length = self.length()?;
        let at = self.at;
        self.bytes(length)?;
        Ok(Self { code: self.code.get(..self.at).unwrap_or_default(), at })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
