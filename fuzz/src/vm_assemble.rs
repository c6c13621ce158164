//! Any text is assembled or refused; what was assembled is shown as text that means the same.

use tapescript::{
    asm::{Assembler, tokens},
    disasm::disassemble,
};

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = tokens(&text);
    let assembler =
        Assembler::new().max_output(1 << 16).comptime(|script| Ok(Some(script.to_vec())));
    match assembler.assemble(&text) {
        Ok(code) => {
            assert!(code.len() <= 1 << 16);
            super::vm_disassemble::run(&code);
        }
        Err(error) => {
            let shown = error.render(&text);
            assert!(shown.contains('^') && !error.to_string().contains('\n'), "{shown}");
        }
    }
    let _ = disassemble(bytes);
}
