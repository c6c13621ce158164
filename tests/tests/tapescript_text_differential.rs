//! Random source text and random byte code mean the same here and to the Python original.
//!
//! 1,500 of each by default; `NETAIO_TEXTS=20000` runs more, `NETAIO_SEED=7` others. A failure names
//! the number of the case, which is the same again with the same seed.

use netaio::tapescript::{
    Cache, ErrorKind, Machine, Op,
    asm::{AssembleError, Assembler, assemble},
    disasm::Disassembler,
};
use netaio_tests::{Process, Random, python, script, within};
use serde_json::{Value as Json, json};

/// What stands in sources beside the names of ops, well or badly placed.
const WORDS: &[&str] = &[
    "if",
    "else",
    "end_if",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "def",
    "end_def",
    "try",
    "except",
    "end_except",
    "end_try",
    "loop",
    "end_loop",
    "#",
    "'",
    "\"",
    "~",
    "~!",
    "!=",
    "@=",
    "@a",
    "@#a",
    "!a",
    "!M1",
    "a",
    "push",
    "op_push",
    "op_try",
    "try_except",
    "if_else",
    "op_if",
    "0",
    "255",
    "256",
    "d0",
    "d127",
    "d128",
    "d-128",
    "d-129",
    "d255",
    "d256",
    "d+5",
    "d",
    "d1.5",
    "d-0",
    "d٣",
    "d²",
    "x",
    "x0",
    "x00",
    "x0a0B",
    "X05",
    "xg",
    "s",
    "s\"",
    "s''",
    "s\"a b\"",
    "s'b' c'",
    "s\"\"",
    "stext",
    "sé",
    "f1",
    "f1.5",
    "f-2",
    "f",
    "f1e5",
    "finf",
    "F3",
    "nop92",
    "NOP255",
    "nop91",
    "nop256",
    "NOP092",
    "op_nop99",
    "é",
    "ß",
    "ﬁ",
    "true",
    "op_true",
    "TRUE",
    "tRuE",
    "op_",
    "_",
    "@",
    "!",
    "@=b",
    "!=c",
    "@#",
    "\u{a0}",
    "\u{1c}",
    "\u{2028}",
    "\u{b}",
    "d1_000",
    "x１２",
    "d１２",
    "--",
    "+",
    "d--5",
    ",",
    "~{",
];

/// Statements in the making.
struct Source<'r> {
    random: &'r mut Random,
    words: Vec<String>,
}

impl Source<'_> {
    fn add(&mut self, word: impl Into<String>) {
        self.words.push(word.into());
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..self.random.below(if depth == 0 { 12 } else { 5 }) {
            match self.random.below(24) {
                0..=2 => self.push(),
                3..=5 if depth < 4 => self.block(depth + 1),
                6 => self.variable(),
                7 => self.comment(),
                8 if depth < 2 => self.macros(depth + 1),
                9 if depth < 3 => {
                    let mark = self.random.one(&["~", "~!"]);
                    self.add(mark);
                    self.braces(depth + 1);
                }
                _ => self.op(),
            }
        }
    }

    fn braces(&mut self, depth: usize) {
        self.add("{");
        self.statements(depth);
        self.add("}");
    }

    fn push(&mut self) {
        let push = self.random.one(&["push", "OP_PUSH", "Push"]);
        self.add(push);
        let value = self.value();
        self.add(value);
    }

    fn value(&mut self) -> String {
        match self.random.below(6) {
            0 => format!("d{}", self.random.below(70_000) as i64 - 35_000),
            1 => format!("d-{}", self.random.number()),
            2 => format!(
                "s\"{}\"",
                self.random.one(&["a", "some words", "größe  字", "# }", "it's"])
            ),
            3 => format!("s'{}'", self.random.one(&["b", "x y", "\"", "\n"])),
            4 => self.random.one(&["sTEXT", "d5", "xff"]).to_owned(),
            _ => self.digits(300),
        }
    }

    fn digits(&mut self, limit: usize) -> String {
        let bytes = self.random.bytes(limit);
        format!("x{}", hex(&bytes))
    }

    fn small(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("x{:02x}", self.random.below(256)),
            _ => format!("d{}", self.random.below(128)),
        }
    }

    fn op(&mut self) {
        if self.random.once_in(20) {
            let name = format!("NOP{}", 92 + self.random.below(164));
            self.add(name);
            let count = self.small();
            return self.add(count);
        }
        let op = Op::ALL[self.random.below(Op::ALL.len())];
        // Its bytes are not the same twice.
        if op == Op::Random {
            return;
        }
        let short = &op.name()[3..];
        let name = match (self.random.below(4), op.aliases()) {
            (0, [alias, ..]) => (*alias).to_owned(),
            (1, [alias, ..]) => format!("op_{alias}"),
            (2, _) => short.to_lowercase(),
            _ => op.name().to_owned(),
        };
        self.add(name);
        match op {
            Op::Push1 | Op::Push2 => {
                if self.random.once_in(2) {
                    self.add("d9");
                }
                let value = self.value();
                self.add(value);
            }
            Op::WriteCache => {
                let (key, count) = (self.value(), self.small());
                self.add(key);
                self.add(count);
            }
            Op::Swap | Op::CheckMultisig | Op::CheckMultisigVerify => {
                for _ in 0..if op == Op::Swap { 2 } else { 3 } {
                    let index = self.small();
                    self.add(index);
                }
            }
            Op::DivFloat | Op::ModFloat => {
                let float = format!("f{}", self.random.below(1000));
                self.add(float);
            }
            Op::Merkleval => self.add(format!("x{}", "0b".repeat(32))),
            Op::ReadCache
            | Op::ReadCacheSize
            | Op::SetFlag
            | Op::UnsetFlag
            | Op::GetValue
            | Op::DivInt
            | Op::ModInt => {
                let value = match self.random.below(4) {
                    0 => format!("d{}.{}", self.random.below(400), self.random.below(100)),
                    1 => format!("f{}.{}", self.random.below(400), self.random.below(100)),
                    _ => self.value(),
                };
                self.add(value);
            }
            _ if has_byte(op) => {
                let byte = self.small();
                self.add(byte);
            }
            _ => {}
        }
    }

    fn block(&mut self, depth: usize) {
        let bare = self.random.once_in(4);
        let ends = match self.random.below(6) {
            0 => {
                self.add("def");
                let handle = match self.random.below(3) {
                    0 => format!("x{:02x}", self.random.below(256)),
                    1 => format!("d{}", self.random.below(256)),
                    _ => self.random.below(256).to_string(),
                };
                self.add(handle);
                "end_def"
            }
            1 => {
                self.add("LOOP");
                "end_loop"
            }
            2 => {
                self.add("try");
                if self.random.once_in(2) {
                    self.braces(depth);
                } else {
                    self.statements(depth);
                }
                self.add("except");
                "end_except"
            }
            3 => {
                self.add("op_if");
                self.braces(depth);
                self.add("else");
                "end_if"
            }
            4 => {
                self.add("if");
                self.add("(");
                self.statements(depth);
                self.add(")");
                "end_if"
            }
            _ => {
                self.add("IF");
                "end_if"
            }
        };
        if bare {
            self.statements(depth);
            self.add(ends);
        } else {
            self.braces(depth);
        }
    }

    fn variable(&mut self) {
        let name = self.random.one(&["a", "Name", "schlüssel", "x1"]);
        match self.random.below(4) {
            0 => self.add(format!("@{name}")),
            1 => self.add(format!("@#{name}")),
            2 => {
                let count = self.random.below(300).to_string();
                self.words.extend(["@=".into(), name.into(), count]);
            }
            _ => {
                self.words.extend(["@=".into(), name.into(), "[".into()]);
                for _ in 0..self.random.below(4) {
                    let value = self.value();
                    self.add(value);
                }
                self.add("]");
            }
        }
    }

    fn comment(&mut self) {
        let mark = self.random.one(&["#", "'", "\""]);
        self.add(mark);
        for _ in 0..self.random.below(4) {
            let word = self.random.one(&["note", "{", "}", "true", "if", "~", "d5"]);
            self.add(word);
        }
        self.add(mark);
    }

    fn macros(&mut self, depth: usize) {
        let name = self.random.one(&["m1", "M1", "two"]);
        self.words.extend(["!=", name, "[", "a", "b", "]", "{"].map(Into::into));
        self.statements(depth);
        self.words.extend(["push", "a", "}"].map(Into::into));
        for _ in 0..self.random.below(3) {
            self.add(format!("!{name}"));
            self.add("[");
            let values = [self.value(), self.value()];
            self.words.extend(values);
            self.add("]");
        }
    }

    /// Puts words where they do not belong.
    fn spoil(&mut self) {
        for _ in 0..1 + self.random.below(3) {
            let length = self.words.len();
            let at = self.random.below(length + 1);
            let other = self.random.below(length.max(1));
            match self.random.below(4) {
                0 if at < length => drop(self.words.remove(at)),
                1 if at < length => self.words.swap(at, other),
                2 if at < length => self.words[at] = self.random.one(WORDS).into(),
                _ => {
                    let word = self.random.one(WORDS);
                    self.words.insert(at, word.into());
                }
            }
        }
    }
}

/// Whether the op has an operand of one byte, by what the assembler makes of it.
fn has_byte(op: Op) -> bool {
    assemble(op.name()).is_err() && assemble(&format!("{} x00", op.name())).is_ok()
}

fn source(random: &mut Random) -> String {
    let kind = random.below(8);
    let mut source = Source { random, words: Vec::new() };
    if kind == 0 {
        for _ in 0..source.random.below(25) {
            let word = source.random.one(WORDS);
            source.add(word);
        }
    } else {
        source.statements(0);
        if kind < 4 {
            source.spoil();
        }
    }
    let space = source.random.one(&[" ", "\n", "  \t", "\r\n"]);
    source.words.join(space)
}

/// Byte code: that of a source, with or without a byte that does not belong, or of nothing but such.
fn code(random: &mut Random) -> Vec<u8> {
    if random.once_in(3) {
        return random.bytes(24);
    }
    let mut source = Source { random, words: Vec::new() };
    source.statements(0);
    let text = source.words.join(" ");
    let machine = Machine::new();
    let mut code = Assembler::new().machine(&machine).assemble(&text).unwrap_or_default();
    if !code.is_empty() && random.once_in(2) {
        let at = random.below(code.len());
        code[at] = random.number() as u8;
    }
    code
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The original, and how much it is asked for.
fn original() -> Option<(Process, u64, u64)> {
    let process = Process::start(&python()?, [script("texts.py")]);
    Some((process, number("NETAIO_TEXTS", 1_500), number("NETAIO_SEED", 1)))
}

async fn answer_to(original: &mut Process, question: &Json) -> Json {
    within(original.say(&question.to_string())).await;
    let answer = original.line().await.expect("an answer");
    serde_json::from_str(&answer).expect("JSON")
}

#[tokio::test]
async fn random_sources_are_assembled_to_the_same() {
    let Some((mut original, count, seed)) = original() else { return };
    let machine = Machine::new();
    let (mut compared, mut succeeded) = (0, 0);
    for case in 0..count {
        let source = source(&mut Random::of(seed, case));
        let ours = Assembler::new().machine(&machine).assemble(&source);
        // What takes us long takes the original for ever.
        if ours.as_ref().is_err_and(|error| error.kind() == ErrorKind::Exhausted) {
            continue;
        }
        let shown = match &ours {
            Ok(code) => json!({ "code": hex(code) }),
            Err(error) => json!({ "error": error.kind().name() }),
        };
        let theirs = answer_to(&mut original, &json!({ "source": source })).await;
        let told = ours.as_ref().err().map(AssembleError::to_string);
        assert_eq!(shown, theirs, "source {case} of seed {seed}: {source:?}; {told:?}");
        compared += 1;
        succeeded += u64::from(ours.is_ok());
    }
    eprintln!("{compared} sources compared, {succeeded} of them assembled");
    assert!(compared * 10 > count * 9 && succeeded * 5 > compared, "the sources say little");
}

#[tokio::test]
async fn random_code_is_disassembled_to_the_same() {
    let Some((mut original, count, seed)) = original() else { return };
    let (mut compared, mut succeeded) = (0, 0);
    for case in 0..count {
        let mut random = Random::of(seed, case);
        let (code, indent) = (code(&mut random), random.below(3));
        let ours = Disassembler::new().indent(indent as u8).disassemble(&code);
        let shown = match &ours {
            // The original goes backwards there, and may never end.
            Err(error) if error.message().contains("for negative") => continue,
            Err(error) => json!({ "error": error.kind().name() }),
            Ok(lines) => {
                let again = assemble(&lines.join("\n"));
                let again =
                    again.map_or_else(|error| error.kind().name().into(), |code| hex(&code));
                json!({ "lines": lines, "again": again })
            }
        };
        let theirs =
            answer_to(&mut original, &json!({ "code": hex(&code), "indent": indent })).await;
        assert_eq!(shown, theirs, "code {case} of seed {seed}: {}; {ours:?}", hex(&code));
        compared += 1;
        succeeded += u64::from(ours.is_ok());
    }
    eprintln!("{compared} codes compared, {succeeded} of them disassembled");
    assert!(compared * 10 > count * 9 && succeeded * 5 > compared, "the codes say little");
}

/// What `guide::differences` lists, so that the list stays true on both sides.
#[tokio::test]
async fn what_is_said_to_differ_differs() {
    let Some((mut original, ..)) = original() else { return };
    let nested = |depth: usize| "if { ".repeat(depth) + &"} ".repeat(depth);
    let sources = [
        (String::from("write_cache d72057594037927936 d1"), "ok", "OverflowError"),
        ("@= name 五".into(), "SyntaxError", "ValueError"),
        ("@कि".into(), "ok", "SyntaxError"),
        ("push ~! { true }".into(), "SyntaxError", "ok"),
        (nested(481), "RecursionError", "ok"),
    ];
    let outcome = |answer: &Json| answer["error"].as_str().unwrap_or("ok").to_owned();
    for (source, ours, theirs) in sources {
        let result = assemble(&source);
        assert_eq!(
            result.as_ref().map_or_else(|error| error.kind().name(), |_| "ok"),
            ours,
            "{source}"
        );
        let answer = answer_to(&mut original, &json!({ "source": source })).await;
        assert_eq!(outcome(&answer), theirs, "{source}");
    }
    let mut deep = Vec::new();
    for _ in 0..481 {
        let length = u16::try_from(deep.len()).expect("it is short").to_be_bytes();
        deep.splice(0..0, [Op::If.code()].into_iter().chain(length));
    }
    let result = Disassembler::new().disassemble(&deep);
    assert_eq!(result.expect_err("it is too deep").kind(), ErrorKind::Recursion);
    let answer = answer_to(&mut original, &json!({ "code": hex(&deep), "indent": 0 })).await;
    assert_eq!(outcome(&answer), "ok");

    let Some(python) = python() else { return };
    let mut original = Process::start(&python, [script("run_scripts.py")]);
    let code = assemble("push d1000000000000000 random").expect("it is well formed");
    let run = Machine::new().run(&code, Cache::new());
    assert_eq!(run.result.expect_err("it is too much").message(), "Stack item size too large");
    let question = json!({ "script": hex(&code), "stack": [], "fields": {}, "timestamp": 0 });
    let answer = answer_to(&mut original, &question).await;
    assert_eq!(answer["error"][0], "MemoryError");
}
