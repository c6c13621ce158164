//! The operands of ops: what may stand for each in source text, and the bytes written for it.

use super::Assembler;
use super::cursor::Cursor;
use super::encode;
use super::error::{AssembleError, Fault};
use super::token::Token;
use super::word::ends_operand;
use crate::op::Op;

/// A place for a value behind an op.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    expected: &'static str,
    read: fn(&str) -> Result<Vec<u8>, Fault>,
    presence: Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// The value must be there.
    Required,
    /// Nothing is written if the text ends before the value.
    Optional,
    /// The value may come after its size, which nobody reads.
    AfterSize,
}

impl Operand {
    const fn new(expected: &'static str, read: fn(&str) -> Result<Vec<u8>, Fault>) -> Self {
        Self { expected, read, presence: Presence::Required }
    }

    const fn with(self, presence: Presence) -> Self {
        Self { presence, ..self }
    }

    /// The bytes for this token.
    pub(super) fn read(&self, token: &Token<'_>) -> Result<Vec<u8>, AssembleError> {
        (self.read)(token.text()).map_err(|fault| token.fail(fault, self.expected))
    }

    /// Takes the value that belongs to `owner`, and writes it.
    pub(super) fn write(
        &self,
        assembler: &Assembler<'_>,
        owner: &Token<'_>,
        cursor: &mut Cursor<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Result<(), AssembleError> {
        match self.presence {
            Presence::Optional if cursor.peek(0).is_none() => return Ok(()),
            Presence::AfterSize => {
                let second = cursor.peek(1).ok_or_else(|| {
                    owner
                        .nothing_follows("a value and something behind it, or the size and a value; `PUSH` needs neither")
                })?;
                if !ends_operand(assembler, second.text()) {
                    cursor.index += 1;
                }
            }
            Presence::Required | Presence::Optional => {}
        }
        out.extend(self.read(cursor.take(owner, self.expected)?)?);
        Ok(())
    }
}

/// Writes the key and the count of `WRITE_CACHE`. Both must be there with a letter that fits before either is read,
/// which decides between two mistakes.
pub(super) fn write_key_and_count(
    owner: &Token<'_>,
    cursor: &mut Cursor<'_, '_>,
    out: &mut Vec<u8>,
) -> Result<(), AssembleError> {
    let key = cursor.take(owner, KEY.expected)?;
    let count = cursor.take(owner, COUNT.expected)?;
    for (operand, token, letters) in [(KEY, key, "dxs"), (COUNT, count, "dx")] {
        encode::check_letter(token.text(), letters)
            .map_err(|fault| token.fail(fault, operand.expected))?;
    }
    out.extend(KEY.read(key)?);
    out.extend(COUNT.read(count)?);
    Ok(())
}

/// `PUSH` and its value are written together: the op depends on the length.
pub(super) const PUSH: Operand = Operand::new(
    "a value for PUSH: `d` and decimal digits, `x` and hex digits, or `s` and text; 1 to 65535 bytes",
    encode::push,
);
/// The number of items of a variable, which has no letter.
pub(super) const PLAIN_COUNT: Operand =
    Operand::new("a number of items from 0 to 255, or `[` values `]`", encode::plain_count);
/// The name of a variable as the key of the cache.
pub(super) const NAME: Operand = Operand::new("a name of at most 255 bytes", encode::name);
/// The handle of a definition.
pub(super) const HANDLE: Operand = Operand::new(
    "a handle: a number from 0 to 255 with or without `d`, or `x` and two hex digits",
    encode::handle,
);
/// The operand of an op that a host put in the place of a NOP.
pub(super) const SOFT_FORK: Operand = Operand::new(INDEX.expected, encode::soft_fork);
/// The operand of a NOP and of many ops.
pub(super) const BYTE: Operand =
    Operand::new("`d` and a number from -128 to 127, or `x` and two hex digits", encode::byte);

const SIZED: Operand = Operand::new(
    "`d` or `f` and a decimal number, `x` and hex digits, or `s` and text; at most 255 bytes",
    encode::sized,
);
const PUSHED: Operand = SIZED.with(Presence::AfterSize);
const PUSHED_2: Operand = Operand::new(
    "`d` and a decimal number, `x` and hex digits, or `s` and text; at most 65535 bytes",
    encode::sized_2,
)
.with(Presence::AfterSize);
const KEY: Operand = Operand::new(
    "a key: `d` and decimal digits, `x` and hex digits, or `s` and text; at most 255 bytes",
    encode::key,
);
const COUNT: Operand = Operand::new(
    "a count from 0 to 255: `d` and decimal digits, or `x` and hex digits",
    encode::count,
);
const FLOAT: Operand = Operand::new(
    "`f` and decimal digits without a point, or `x` and eight hex digits",
    encode::single,
);
const INDEX: Operand =
    Operand::new("`d` and a number from 0 to 255, or `x` and two hex digits", encode::index)
        .with(Presence::Optional);
const ROOT: Operand = Operand::new("a root: `x` and 64 hex digits", encode::root);

/// What stands behind an op, block and condition apart.
pub(super) const fn operands(op: Op) -> &'static [Operand] {
    match op {
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
        | Op::CheckSig
        | Op::CheckSigVerify
        | Op::Sign
        | Op::Taproot
        | Op::ClampScalar
        | Op::AddScalars
        | Op::SubtractScalars
        | Op::SubtractPoints
        | Op::GetMessage
        | Op::CheckTemplate
        | Op::CheckTemplateVerify => &[BYTE],
        Op::ReadCache
        | Op::ReadCacheSize
        | Op::DivInt
        | Op::ModInt
        | Op::SetFlag
        | Op::UnsetFlag
        | Op::GetValue => &[SIZED],
        Op::Push1 => &[PUSHED],
        Op::Push2 => &[PUSHED_2],
        Op::DivFloat | Op::ModFloat => &[FLOAT],
        Op::Swap => &[INDEX, INDEX],
        Op::CheckMultisig | Op::CheckMultisigVerify => &[INDEX, INDEX, INDEX],
        Op::Merkleval => &[ROOT],
        _ => &[],
    }
}
