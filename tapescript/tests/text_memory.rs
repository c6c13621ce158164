//! What the assembler and the disassembler need of memory, measured: no input takes more than the stated multiple.
//!
//! All is one test, since the allocator counts for the whole process.

use peak_alloc::PeakAlloc;
use tapescript::asm::Assembler;
use tapescript::disasm::disassemble;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes of memory for each byte of a source, and of what it may grow to.
const OF_SOURCE: usize = 192;

/// Bytes of memory for each byte of code that is disassembled.
const OF_CODE: usize = 256;

/// Lists that grow double their room, so they waste most just above a power of two.
const MANY: usize = (1 << 14) + 10;

/// What the lines of byte code may need beside that: 1 MiB of blanks.
const BLANKS: usize = 1 << 20;

/// The most bytes that were taken at a time by some work.
fn peak<T>(work: impl FnOnce() -> T) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    drop(work());
    MEMORY.peak_usage() - before
}

#[test]
fn memory_stays_below_the_stated_multiple() {
    // The table of names is made once.
    drop(Assembler::new().assemble("true"));
    let most = sources().flat_map(|(name, source)| {
        // Limits so small that the multiple is one of the source, and one that is enough for all of its code.
        [0, source.len() / 8, source.len()].map(|limit| {
            let assembler = Assembler::new().max_output(limit);
            let peak = peak(|| assembler.assemble(&source));
            let multiple = peak / (source.len() + limit);
            assert!(multiple < OF_SOURCE, "{name}: {multiple} times {} bytes", source.len());
            (multiple, name)
        })
    });
    println!("most for a source: {:?}", most.max());

    let most = codes().map(|(name, code)| {
        let peak = peak(|| disassemble(&code));
        let multiple = peak.saturating_sub(BLANKS) / code.len();
        assert!(multiple < OF_CODE, "{name}: {multiple} times {} bytes", code.len());
        (multiple, name)
    });
    println!("most for a code: {:?}", most.max());
}

fn sources() -> impl Iterator<Item = (&'static str, String)> {
    let many = MANY;
    let macros = |depth: usize, body: &str, end: &str| {
        let open = (0..depth).map(|level| format!("!= m{level} [ a ] {{ ")).collect::<String>();
        let close = (0..depth).rev().map(|level| format!(" }} !m{level} [ d1 ]"));
        open + body + &close.collect::<String>() + end
    };
    [
        ("short words", "x ".repeat(many)),
        ("ops", "true ".repeat(many)),
        ("words of other scripts", "ΐ ".repeat(many)),
        ("braces", "{ ".repeat(many)),
        ("all brackets", "( [ { } ] ) ".repeat(many / 6)),
        ("blocks", "if { } ".repeat(many)),
        ("open blocks", "if { ".repeat(many)),
        ("definitions", "def 0 { } ".repeat(many)),
        ("ends", "} ".repeat(many) + &"end_if ".repeat(many)),
        ("comptime", "~ { } ".repeat(many)),
        ("comptime in comptime", "~ { ".repeat(400) + &"x ".repeat(many) + &"} ".repeat(400)),
        ("values of comptime", "push ~ { true } ".repeat(many)),
        ("macros", (0..many / 4).map(|i| format!("!= m{i} [ ] {{ }} ")).collect()),
        ("a long macro", format!("!= m [ a ] {{ {} }} !m [ d1 ]", "a ".repeat(many))),
        ("arguments", format!("!= m [ {} ] {{ }}", "a ".repeat(many))),
        ("macros in macros", macros(16, &"x ".repeat(many), "")),
        ("calls", "!= m [ a ] { x x x x a } ".to_owned() + &"!m [ x ] ".repeat(many)),
        ("a list", format!("@= a [ {} ]", "d1 ".repeat(many))),
        ("strings", "push s\"a b\" ".repeat(many)),
        ("an open string", format!("push s\"{}", "a ".repeat(many))),
        ("digits", format!("push x{}", "ab".repeat(many))),
        ("comments", "# # ".repeat(many)),
        ("a long word", "é".repeat(many)),
        ("signs", "é\u{a0}".repeat(many)),
    ]
    .into_iter()
}

fn codes() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let many = MANY;
    let nested = |depth: usize, mut code: Vec<u8>| {
        for _ in 0..depth {
            let length = u16::try_from(code.len()).unwrap().to_be_bytes();
            code.splice(0..0, [0x2b].into_iter().chain(length));
        }
        code
    };
    let long_names = vec![0x52; many];
    [
        ("long names", long_names.clone()),
        ("long names in blocks", nested(400, long_names)),
        ("deep enough for no error", nested(30, vec![0x00; many])),
        ("blocks", [0x2b, 0, 0].repeat(many)),
        ("tries", [0x3d, 0, 0, 0, 0].repeat(many)),
        ("branches", [0x2c, 0, 0, 0, 0].repeat(many)),
        ("pushes", [0x03, 0].repeat(many)),
        ("a long push", [&[0x04, 0x7f, 0xff], &[7; 0x7fff][..]].concat()),
        ("numbers", [&[0x11, 255], &[0x7f; 255][..]].concat().repeat(200)),
        ("counts", [200, 255].repeat(many)),
        ("cut off", [&[0x2b, 0xff, 0xff][..], &vec![0; many]].concat()),
    ]
    .into_iter()
}
