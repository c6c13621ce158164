//! The words that begin a statement.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Assembler;
use crate::op::Op;

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// One of the three ops that push a value, whichever fits.
    Push,
    /// `TRY`, whose op has another name.
    Try,
    /// An op.
    Op(Op),
    /// A NOP.
    Nop(u8),
    /// An op of the host in the place of a NOP.
    SoftFork(u8),
}

/// The most letters of a word that is compared with the names of ops.
const MAX_WORD: usize = 32;

/// All names of ops and their aliases, with and without `OP_`.
static OPS: LazyLock<HashMap<String, Op>> = LazyLock::new(|| {
    let names = |op: &Op| {
        let op = *op;
        let short = op.name().strip_prefix("OP_").unwrap_or_default();
        op.aliases()
            .iter()
            .copied()
            .chain([short])
            .flat_map(move |short| [(String::from(short), op), (format!("OP_{short}"), op)])
    };
    Op::ALL.iter().flat_map(names).collect()
});

/// What a word stands for, if it is known. Directly in a definition an alias must not
/// have `OP_` before it, and that of a soft fork is not known at all.
pub(super) fn lookup(assembler: &Assembler<'_>, text: &str, in_definition: bool) -> Option<Word> {
    match text {
        "PUSH" | "OP_PUSH" => return Some(Word::Push),
        "TRY" | "OP_TRY" => return Some(Word::Try),
        _ => {}
    }
    if let Some(op) = OPS.get(text) {
        let refused = in_definition && text.starts_with("OP_") && text != op.name();
        return (!refused).then_some(Word::Op(*op));
    }
    if let Some(code) = assembler.soft_forks.code(text) {
        let refused = in_definition && assembler.soft_forks.name(code) != Some(text);
        return (!refused).then_some(Word::SoftFork(code));
    }
    let code = text.strip_prefix("NOP").filter(|digits| !digits.starts_with(['0', '+']))?;
    let code = code.parse().ok().filter(|code| *code >= Op::COUNT)?;
    (assembler.soft_forks.name(code).is_none()).then_some(Word::Nop(code))
}

/// Whether the token before this one must be the value of `PUSH1` or `PUSH2`, and not its size.
pub(super) fn ends_operand(assembler: &Assembler<'_>, text: &str) -> bool {
    match text {
        "END_IF" | "END_DEF" | "ELSE" | "(" | ")" | "{" | "}" => true,
        "PUSH" | "TRY" => false,
        _ => text.starts_with("OP_") || lookup(assembler, text, false).is_some(),
    }
}

/// Words and marks that have a meaning inside of statements only.
pub(super) const BLOCK_WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "ELSE",
    "EXCEPT",
    "END_IF",
    "END_EXCEPT",
    "END_LOOP",
    "END_DEF",
];

/// The op that a misspelled word may mean: two letters of it are wrong at most, and one of each three.
pub(super) fn similar(text: &str) -> Option<&'static str> {
    let (prefix, short) = text.strip_prefix("OP_").map_or(("", text), |short| ("OP_", short));
    let names = OPS.keys().filter_map(|name| {
        let other = name.strip_prefix(prefix)?;
        let distance = distance(short.as_bytes(), other.as_bytes())?;
        (distance <= 2 && distance * 3 <= short.len()).then_some((distance, name.as_str()))
    });
    names.min().map(|(_, name)| name)
}

/// How many letters must be put in, taken away or replaced to make one word of the other, if both are short.
fn distance(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.len().max(b.len()) > MAX_WORD {
        return None;
    }
    let mut costs: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut diagonal = row;
        let mut left = row + 1;
        for (cost, y) in costs.iter_mut().skip(1).zip(b) {
            let replaced = diagonal + usize::from(x != y);
            diagonal = *cost;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cost = left;
        }
    }
    costs.last().copied()
}
