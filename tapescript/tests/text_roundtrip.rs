//! Byte code to source lines and back, and what the two directions do with garbage.

use std::time::{Duration, Instant};

use tapescript::asm::{Assembler, assemble, tokens};
use tapescript::disasm::{Disassembler, disassemble};
use tapescript::num::Int;
use tapescript::{ErrorKind, Limits, Machine, Op};

#[test]
fn code_that_is_disassembled_assembles_again() {
    let mut random = Random(0x7a9e_5c81);
    let mut exceptions = 0;
    for _ in 0..3000 {
        let mut program = Program { again: true, ..Program::default() };
        program.statements(&mut random, 3, false);
        let lines = disassemble(&program.code).unwrap();
        let again = assemble(&lines.join("\n"));
        if program.again {
            assert_eq!(again.unwrap(), program.minimal, "{lines:#?}");
        } else {
            exceptions += 1;
            assert!(again.is_err(), "{lines:#?}");
        }
    }
    assert!((100..2000).contains(&exceptions), "{exceptions}");
}

#[test]
fn random_bytes_are_refused_or_mean_the_same_again() {
    let mut random = Random(0x1f3d_77b2);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let code: Vec<u8> = (0..random.below(12)).map(|_| random.byte()).collect();
        let Ok(lines) = disassemble(&code) else { continue };
        let has = |word: &str| lines.iter().any(|line| line.trim_start().starts_with(word));
        let Ok(again) = assemble(&lines.join("\n")) else {
            assert!(has("NOP") || has("OP_DEF"), "{code:?} {lines:?}");
            continue;
        };
        assert_eq!(disassemble(&again).unwrap(), lines);
        if again != code {
            assert!(has("OP_DIV_INT") || has("OP_MOD_INT"), "{code:?} {lines:?}");
        }
        accepted += 1;
    }
    assert!(accepted > 1000, "{accepted}");
}

#[test]
fn random_words_are_assembled_or_refused() {
    const WORDS: &[&str] = &[
        "if",
        "else",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "end_if",
        "def",
        "0",
        "end_def",
        "try",
        "except",
        "loop",
        "#",
        "'",
        "~",
        "~!",
        "!=",
        "@=",
        "@a",
        "@#a",
        "!a",
        "a",
        "push",
        "push1",
        "push2",
        "d5",
        "x",
        "x05",
        "s\"",
        "s'b'",
        "f1",
        "true",
        "swap",
        "write_cache",
        "merkleval",
        "nop92",
        "é",
        "\u{a0}",
        "s",
        "d²",
    ];
    let mut random = Random(0x55aa_3c01);
    for _ in 0..20_000 {
        let words = (0..random.below(30)).map(|_| WORDS[random.below(WORDS.len())]);
        let source = words.collect::<Vec<_>>().join([" ", "\n"][random.below(2)]);
        if let Err(error) = assemble(&source) {
            assert!(error.render(&source).contains('^'));
        }
    }
}

#[test]
fn nested_blocks_end_at_the_limit() {
    let nested = |depth: usize| "if { ".repeat(depth) + "true" + &" }".repeat(depth);
    let code = assemble(&nested(480)).unwrap();
    assert_eq!(disassemble(&code).unwrap().len(), 961);
    assert_eq!(assemble(&nested(481)).unwrap_err().kind(), ErrorKind::Recursion);

    let deeper = [&[0x2b, 0x05, 0xa1], &*code].concat();
    assert_eq!(disassemble(&deeper).unwrap_err().kind(), ErrorKind::Recursion);
}

#[test]
fn hostile_sources_end_soon() {
    let many = 100_000;
    let comptime = "push ~ { ".repeat(10_000);
    let macros = |depth: usize, calls: usize| {
        let open = |i| format!("!= m{i} [ ] {{ ");
        let close = |i| format!(" }} {}", format!("!m{i} [ ] ").repeat(calls));
        let levels = || 0..depth;
        levels()
            .map(open)
            .chain(["true".into()])
            .chain(levels().rev().map(close))
            .collect::<String>()
    };
    let sources = [
        ("nested blocks", "if { ".repeat(20_000) + &"} ".repeat(20_000)),
        ("bare blocks", "if ".repeat(many) + "end_if"),
        ("bare blocks closed by braces", "if } ".repeat(many) + "end_if"),
        ("conditions", "if ( ".repeat(many) + &") { } ".repeat(many)),
        ("nested comptime", comptime.clone() + &"} ".repeat(10_000)),
        ("comptime not closed", comptime),
        ("macros in macros", macros(20, 8)),
        ("calls in calls", macros(8, 99)),
        ("definitions read again", "def 0 { if { # } } # ".repeat(many)),
        ("definitions read again and again", "def 0 { if { # } # } # } ".repeat(many)),
        ("strings not closed", "push s\"a ".repeat(many)),
        ("comments", "# ' \" ".repeat(many)),
        ("brackets", "{ [ ( ".repeat(many)),
        ("macro definitions", "!= a [ ] { } ".repeat(many) + "!a [ ]"),
        ("arguments", format!("!= a [ {} ] {{ }}", "a ".repeat(many))),
        ("digits", format!("push1 d{} true", "9".repeat(many * 10))),
        ("float digits", format!("push1 f{} true", "9".repeat(many * 10))),
        ("unknown words", "zz ".repeat(many)),
    ];
    for (name, source) in &sources {
        let start = Instant::now();
        let result = assemble(source);
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(5), "{name}: {elapsed:?}");
        if let Err(error) = result {
            assert!(error.to_string().len() < 500, "{name}: {error}");
            assert!(error.render(source).len() < 1500, "{name}");
        }
    }
}

#[test]
fn hostile_code_is_not_blown_up() {
    // A deep block that is full of the shortest ops: almost all of the lines would be blanks.
    let mut code = vec![0; 60_000];
    for _ in 0..400 {
        let length = u16::try_from(code.len()).unwrap().to_be_bytes();
        code.splice(0..0, [0x2b].into_iter().chain(length));
    }
    assert_eq!(disassemble(&code).unwrap_err().kind(), ErrorKind::Recursion);

    let flat = vec![0x45; 300_000];
    assert!(disassemble(&flat).is_err());
    let loops: Vec<u8> = [0x45, 0, 0].repeat(100_000);
    let lines = Disassembler::new().indent(255).disassemble(&loops).unwrap();
    assert_eq!(lines.len(), 200_000);
    assert!(lines[0].starts_with(&" ".repeat(1020)));
}

#[test]
fn the_size_of_the_code_is_limited() {
    let source = "true ".repeat(100);
    assert!(Assembler::new().max_output(100).assemble(&source).is_ok());
    let error = Assembler::new().max_output(99).assemble(&source).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
}

#[test]
fn comptime_blocks_share_one_budget() {
    let mut limits = Limits::default();
    limits.budget = 700;
    let machine = Machine::new().with_limits(limits);
    let assembler = Assembler::new().machine(&machine);
    let block = "~! { push d99 loop { push d-1 add_ints d2 } pop0 } ";
    assert!(assembler.assemble(block).is_ok());
    assert!(assembler.assemble(block).is_ok(), "each source has a budget of its own");
    for source in [block.repeat(2), format!("!= twice [ ] {{ {} }} !twice [ ]", block.repeat(2))] {
        let error = assembler.assemble(&source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
    }
}

#[test]
fn an_error_of_the_disassembler_says_where_its_op_begins() {
    // The last op is cut off by the end of its block.
    let error = disassemble(&[0x01, 0x2b, 0, 2, 0x1d, 0x02, 0x03]).unwrap_err();
    assert_eq!(error.to_string(), "the op at byte 5: the code ends inside of it");
}

#[test]
fn tokens_know_their_place() {
    let tokens = tokens("a\n\tpush s'b\n c' é").unwrap();
    let places: Vec<_> = tokens
        .iter()
        .map(|token| {
            let position = token.position();
            (token.text(), position.line, position.column, position.start..position.end)
        })
        .collect();
    assert_eq!(
        places,
        [("A", 1, 1, 0..1), ("PUSH", 2, 2, 3..7), ("s'b c'", 2, 7, 8..15), ("É", 3, 5, 16..18)]
    );
}

/// Random code, and what it must be after both directions.
#[derive(Default)]
struct Program {
    code: Vec<u8>,
    /// The same with minimal numbers.
    minimal: Vec<u8>,
    /// Whether the lines can be assembled.
    again: bool,
}

impl Program {
    fn statements(&mut self, random: &mut Random, depth: usize, in_definition: bool) {
        for _ in 0..random.below(8) {
            let code = match random.below(40) {
                0 => Op::COUNT + u8::try_from(random.below(164)).unwrap(),
                1..=8 => [0x29, 0x2b, 0x2c, 0x3d, 0x45][random.below(5)],
                _ => u8::try_from(random.below(usize::from(Op::COUNT))).unwrap(),
            };
            let op = Op::from_code(code);
            let is_block =
                matches!(op, Some(Op::Def | Op::If | Op::IfElse | Op::TryExcept | Op::Loop));
            if is_block && depth == 0 {
                continue;
            }
            self.push(&[code]);
            match op {
                None => {
                    let count = random.byte() & if random.below(4) == 0 { 0xff } else { 0x7f };
                    self.again &= count < 128;
                    self.push(&[count]);
                }
                Some(Op::Def) => {
                    self.again &= !in_definition;
                    self.push(&[random.byte()]);
                    self.block(random, depth, true);
                }
                Some(Op::If | Op::Loop) => self.block(random, depth, false),
                Some(Op::IfElse | Op::TryExcept) => {
                    self.block(random, depth, false);
                    self.block(random, depth, false);
                }
                Some(Op::DivInt | Op::ModInt) => {
                    let number = random.bytes(1, 12);
                    let minimal = Int::from_bytes(&number).unwrap().to_bytes();
                    self.code.push(u8::try_from(number.len()).unwrap());
                    self.code.extend(number);
                    self.minimal.push(u8::try_from(minimal.len()).unwrap());
                    self.minimal.extend(minimal);
                }
                Some(op) => self.push(&operands(op, random)),
            }
        }
    }

    fn block(&mut self, random: &mut Random, depth: usize, is_definition: bool) {
        let mut body = Self { again: self.again, ..Self::default() };
        body.statements(random, depth - 1, is_definition);
        self.again = body.again;
        for (code, part) in [(&mut self.code, body.code), (&mut self.minimal, body.minimal)] {
            code.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
            code.extend(part);
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.code.extend(bytes);
        self.minimal.extend(bytes);
    }
}

fn operands(op: Op, random: &mut Random) -> Vec<u8> {
    let sized = |random: &mut Random| {
        let value = random.bytes(0, 40);
        [&[u8::try_from(value.len()).unwrap()], &*value].concat()
    };
    match op {
        Op::Push1
        | Op::ReadCache
        | Op::ReadCacheSize
        | Op::SetFlag
        | Op::UnsetFlag
        | Op::GetValue => sized(random),
        Op::Push2 => {
            let value = random.bytes(0, 400);
            [&u16::try_from(value.len()).unwrap().to_be_bytes(), &*value].concat()
        }
        Op::WriteCache => [sized(random), vec![random.byte()]].concat(),
        Op::DivFloat | Op::ModFloat => random.bytes(4, 4),
        Op::Swap => random.bytes(2, 2),
        Op::CheckMultisig | Op::CheckMultisigVerify => random.bytes(3, 3),
        Op::Merkleval => random.bytes(32, 32),
        // The others have one byte or none, and the disassembler tells which: it reads past the end, or it does not.
        _ if disassemble(&[op.code()]).is_err() => random.bytes(1, 1),
        _ => Vec::new(),
    }
}

/// SplitMix64: the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn bytes(&mut self, least: usize, most: usize) -> Vec<u8> {
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| self.byte()).collect()
    }
}
