//! Random scripts leave the same behind here and on the Python original.
//!
//! 2,000 by default; `NETAIO_SCRIPTS=20000` runs more, `NETAIO_SEED=7` others. A failure names the
//! number of the program, which is the same again with the same seed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use netaio::tapescript::{
    Cache, Environment, ErrorKind, Flags, Key, Machine, Op, Run, Stack, Value, crypto,
};
use netaio_tests::{Process, python, script, within};
use serde_json::{Value as Json, json};

/// A clock that stands still, and random bytes that are noticed: what they lead to differs.
#[derive(Clone, Default)]
struct Noticed(Arc<AtomicBool>);

impl Environment for Noticed {
    fn now(&self) -> i64 {
        1_700_000_000
    }

    fn fill(&self, _: &mut [u8]) {
        self.0.store(true, Relaxed);
    }
}

/// A small generator of numbers, SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// An item of a kind that some op takes.
    fn item(&mut self) -> Vec<u8> {
        let seed: [u8; 32] = self.bytes(32).try_into().expect("32 bytes");
        match self.below(12) {
            0 => vec![self.below(4) as u8],
            1..=3 => vec![self.next() as u8],
            4 => {
                let count = 1 + self.below(12);
                self.bytes(count)
            }
            5 => (self.below(2000) as f32 / 8.0 - 100.0).to_be_bytes().to_vec(),
            6 => "äß words 字"
                .chars()
                .cycle()
                .take(self.below(12) as usize)
                .collect::<String>()
                .into(),
            7 => seed.to_vec(),
            8 => crypto::public_key(&seed).to_vec(),
            9 => crypto::sign(&seed, b"message").to_vec(),
            10 => {
                let count = self.below(300);
                self.bytes(count)
            }
            _ => Vec::new(),
        }
    }

    fn push(&mut self) -> Vec<u8> {
        let item = self.item();
        match u8::try_from(item.len()) {
            Ok(1) => vec![Op::Push0.code(), item[0]],
            Ok(length) => [&[Op::Push1.code(), length], &item[..]].concat(),
            Err(_) => {
                let length = u16::try_from(item.len()).expect("items are short");
                [&[Op::Push2.code()], &length.to_be_bytes()[..], &item].concat()
            }
        }
    }

    fn key(&mut self) -> Vec<u8> {
        let keys: [&[u8]; 6] = [b"k", b"P", b"E", b"IR", b"s", b"X"];
        let key = keys[self.below(6) as usize];
        [&[key.len() as u8], key].concat()
    }

    fn block(&mut self, depth: u32) -> Vec<u8> {
        let body = self.program(depth + 1);
        let length = u16::try_from(body.len()).expect("blocks are short");
        [&length.to_be_bytes()[..], &body].concat()
    }

    /// An op with its operands.
    fn op(&mut self, depth: u32) -> Vec<u8> {
        let op = loop {
            let op = Op::ALL[self.below(u64::from(Op::COUNT)) as usize];
            let nests = matches!(op, Op::Def | Op::If | Op::IfElse | Op::TryExcept | Op::Loop);
            if op != Op::Random && !(nests && depth > 3) {
                break op;
            }
        };
        let few = self.below(4) as u8;
        let operands = match op {
            Op::Push0 | Op::Push1 | Op::Push2 => return self.push(),
            Op::Pop1
            | Op::Copy
            | Op::Reverse
            | Op::Shake256
            | Op::Call
            | Op::GetMessage
            | Op::AddInts
            | Op::SubtractInts
            | Op::MultInts
            | Op::AddFloats
            | Op::SubtractFloats
            | Op::AddPoints
            | Op::SubtractPoints
            | Op::AddScalars
            | Op::SubtractScalars
            | Op::ClampScalar
            | Op::CheckSig
            | Op::CheckSigVerify
            | Op::Sign
            | Op::Taproot
            | Op::CheckTemplate
            | Op::CheckTemplateVerify => vec![few],
            Op::ReadCache | Op::ReadCacheSize | Op::SetFlag | Op::UnsetFlag => self.key(),
            Op::GetValue => {
                let name = ["sigfield1", "timestamp", "absent"][self.below(3) as usize];
                [&[name.len() as u8], name.as_bytes()].concat()
            }
            Op::WriteCache => [self.key(), vec![few]].concat(),
            Op::DivInt | Op::ModInt => vec![2, few, self.next() as u8],
            Op::DivFloat | Op::ModFloat => f32::from(few).to_be_bytes().to_vec(),
            Op::Swap => vec![few, self.below(4) as u8],
            Op::CheckMultisig | Op::CheckMultisigVerify => vec![0, few, self.below(4) as u8],
            Op::Merkleval => self.bytes(32),
            Op::Def => [vec![few], self.block(depth)].concat(),
            Op::If | Op::Loop => self.block(depth),
            Op::IfElse | Op::TryExcept => [self.block(depth), self.block(depth)].concat(),
            _ => Vec::new(),
        };
        [vec![op.code()], operands].concat()
    }

    fn program(&mut self, depth: u32) -> Vec<u8> {
        let steps = 1 + self.below(if depth == 0 { 24 } else { 6 });
        let mut code = Vec::new();
        for _ in 0..steps {
            match self.below(40) {
                0..20 => code.extend(self.push()),
                20 => code.extend([200, self.below(3) as u8]),
                _ => code.extend(self.op(depth)),
            }
        }
        code
    }

    /// A program; now and then with a byte that does not belong, or of nothing but such.
    fn script(&mut self) -> Vec<u8> {
        let mut code = self.program(0);
        match self.below(10) {
            0 => {
                let at = self.below(code.len() as u64) as usize;
                code[at] = self.next() as u8;
            }
            1 => {
                let count = self.below(40);
                code = self.bytes(count);
            }
            _ => {}
        }
        code
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown(value: &Value) -> Json {
    match value {
        Value::Bytes(item) => json!(hex(item)),
        Value::List(values) => values.iter().map(shown).collect(),
        other => json!(format!("{other:?}")),
    }
}

/// What a run left behind, in the form of the original's line.
fn left(run: &Run) -> Json {
    let error =
        run.result.as_ref().err().map(|error| json!([error.kind().name(), error.message()]));
    let stack: Vec<_> = run.stack.items().iter().map(|item| hex(item)).collect();
    let entries = run.cache.iter().filter_map(|(key, value)| match key {
        Key::Bytes(key) => Some((hex(&key), shown(value))),
        _ => None,
    });
    json!({ "error": error, "stack": stack, "cache": entries.collect::<BTreeMap<_, _>>() })
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[tokio::test]
async fn random_scripts_leave_the_same_behind() {
    let Some(python) = python() else { return };
    let mut original = Process::start(&python, [script("run_scripts.py")]);
    let (count, seed) = (number("NETAIO_SCRIPTS", 2_000), number("NETAIO_SEED", 1));
    let drawn = Noticed::default();
    let machine = Machine::new().with_environment(drawn.clone());
    // Far from any constraint that a random program has.
    let timestamp: i64 = 1_700_000_000;
    let (mut compared, mut long, mut succeeded) = (0, 0, 0);
    for index in 0..count {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(index));
        let code = random.script();
        let start: Vec<_> = (0..random.below(5)).map(|_| random.item()).collect();
        let mut stack = Stack::default();
        start.iter().for_each(|item| stack.put(item.clone()).expect("there is room"));
        let fields = [("sigfield1", "message"), ("sigfield3", "more")];
        let cache = fields
            .into_iter()
            .fold(Cache::new(), |cache, (name, value)| cache.with(name, value.as_bytes()));
        let cache = cache.with("timestamp", timestamp);
        let run = machine.run_with(&code, stack, cache, Flags::new());
        // What takes us long takes the original for ever.
        if run.spent > 100_000 {
            long += 1;
            continue;
        }
        if drawn.0.swap(false, Relaxed) {
            continue;
        }
        let fields: BTreeMap<_, _> =
            fields.iter().map(|(name, value)| (name, hex(value.as_bytes()))).collect();
        let start: Vec<_> = start.iter().map(|item| hex(item)).collect();
        let line = json!({
            "script": hex(&code), "stack": start, "fields": fields, "timestamp": timestamp,
        });
        within(original.say(&line.to_string())).await;
        let answer = original.line().await.expect("an answer");
        let theirs: Json = serde_json::from_str(&answer).expect("JSON");
        // Of too many random bytes the original sees only that there is no memory for them.
        if theirs["error"][0] == "MemoryError" {
            assert!(code.contains(&Op::Random.code()) && run.result.is_err(), "program {index}");
            continue;
        }
        let ours = left(&run);
        let kind = run.result.as_ref().err().map(|error| error.kind());
        assert_ne!(kind, Some(ErrorKind::Recursion), "program {index}: blocks nest a few deep");
        assert_eq!(ours, theirs, "program {index} of seed {seed}: {line}");
        compared += 1;
        succeeded += u64::from(kind.is_none());
    }
    eprintln!("{compared} programs compared, {succeeded} without an error; {long} were too long");
    assert!(compared * 10 > count * 9 && succeeded * 20 > compared, "the programs say little");
}
