//! Any bytes are shown or refused; what can be assembled again is the same from then on.

use tapescript::{asm::assemble, disasm::disassemble};

/// Runs one input.
pub fn run(code: &[u8]) {
    let Ok(lines) = disassemble(code) else { return };
    assert!(lines.iter().map(String::len).sum::<usize>() <= (1 << 20) + 64 * code.len());
    // NOPs with a count of 128 and more, and a DEF in a DEF, can't be written as text.
    let Ok(again) = assemble(&lines.join("\n")) else { return };
    let shown = disassemble(&again).expect("what was assembled can be shown");
    assert_eq!(assemble(&shown.join("\n")).as_ref(), Ok(&again));
}
