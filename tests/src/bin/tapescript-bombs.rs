//! Measures what a stranger's witness can cost: `cargo run --release --bin tapescript-bombs [ALL]`.
//!
//! Each bomb repeats one op, in the way that makes most work for the least units, until the budget
//! of network auth is spent. None may take longer than 20 ms of work. The worst are printed, with `ALL` all.

use std::process::ExitCode;

use netaio::{
    plugin::TapescriptAuth,
    tapescript::{Cache, Fields, Limits, Machine, Op, SigFlags, crypto},
};
use rustix::time::{ClockId, clock_gettime};

const MOST: f64 = 20.0;
const SEED: [u8; 32] = [7; 32];

/// A name, what is done once, and what is done again and again: it leaves a true item on top.
struct Bomb(String, Vec<u8>, Vec<u8>);

/// The time that this thread has worked, in milliseconds: what else runs counts little.
fn worked() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn body(code: &[u8]) -> Vec<u8> {
    let length = u16::try_from(code.len()).expect("blocks are short");
    [&length.to_be_bytes()[..], code].concat()
}

fn push(item: &[u8]) -> Vec<u8> {
    [&[Op::Push2.code()][..], &body(item)].concat()
}

fn attempt(code: &[u8]) -> Vec<u8> {
    [&[Op::TryExcept.code()][..], &body(code), &[0, 0]].concat()
}

/// Code that is done 128 times, after which the machine's limit for loops is caught.
fn rounds(code: &[u8]) -> Vec<u8> {
    attempt(&[&[Op::Loop.code()][..], &body(code)].concat())
}

fn script(Bomb(_, before, code): &Bomb) -> Vec<u8> {
    let often = code.repeat((3000 / code.len()).clamp(1, 200));
    [&before[..], &(0..4).fold(often, |code, _| rounds(&code))].concat()
}

/// Drops the item on top.
const DROP: [u8; 2] = [0x5c, 1];

fn integers(bombs: &mut Vec<Bomb>) {
    let positive = |size: usize| -> Vec<u8> { (0..size).map(|at| at as u8 | 1).collect() };
    let negative = |size: usize| [&[0x80][..], &vec![0; size - 1]].concat();
    for size in [4, 9, 16, 33, 64, 120, 1024] {
        for (sign, number) in [("", positive(size)), ("-", negative(size))] {
            let mut add = |name: &str, code: &[u8]| {
                let name = format!("{name}, {sign}{size} bytes");
                bombs.push(Bomb(name, push(&number), code.to_vec()));
            };
            add("read and write", &[0x0f, 1]);
            add("multiply one", &[0x10, 1]);
            add("add two", &attempt(&[0x1d, 0x1d, 0x0e, 2, 0x5c, 1]));
            add("add 254", &attempt(&[0x1c, 254, 0x0e, 254, 0x5c, 1]));
            add("multiply two", &attempt(&[0x1d, 0x1d, 0x10, 2, 0x5c, 1]));
            add("multiply 254", &attempt(&[0x1c, 254, 0x10, 254, 0x5c, 1]));
            add("divide by one", &[0x11, 1, 1]);
            add("divide by eight bytes", &[0x1d, 0x11, 8, 0x7f, 6, 5, 4, 3, 2, 1, 0, 0x5c, 1]);
            let by = [&[0x1d, 0x13, 255][..], &positive(255), &DROP].concat();
            add("remainder by 255 bytes", &by);
            add("compare", &[0x1d, 0x1d, 0x3e, 0x5c, 1]);
            add("check a time", &[0x1d, 0x25, 0x5c, 1]);
            add("round", &attempt(&[0x1d, 0x43, 0x5c, 1]));
        }
    }
    let two = [push(&positive(512)), push(&positive(1024))].concat();
    let halves = [0x34, 0, 1, 0x1d, 0x34, 0, 2, 0x1d, 0x34, 0, 2, 0x34, 0, 1, 0x12, 0x5c, 1];
    bombs.push(Bomb("divide by 512 bytes".into(), two, halves.into()));
}

fn bytes(bombs: &mut Vec<Bomb>) {
    for size in [1_usize, 32, 33, 63, 136, 255, 512, 1024] {
        let item: Vec<u8> = (0..size).map(|at| at as u8 | 1).collect();
        let text: Vec<u8> = [0xe5, 0xad, 0x97].repeat(size.div_ceil(3).min(341));
        let mut add = |name: &str, item: &[u8], code: &[u8]| {
            bombs.push(Bomb(format!("{name}, {size} bytes"), push(item), code.to_vec()));
        };
        add("copy", &item, &[0x1d, 0x5c, 1]);
        add("copy 255 times", &item, &[0x1c, 255, 0x5c, 127, 0x5c, 127, 0x5c, 1]);
        add("change", &item, &[0x2e, 0x2e]);
        add("join bits", &item, &[0x03, 0, 0x56]);
        add("compare bytes", &item, &[0x1d, 0x1d, 0x21, 0x5c, 1]);
        add("join", &item, &[0x03, 0, 0x37]);
        add("split and join", &item, &attempt(&[0x02, 1, 0x38, 0x37]));
        add("join text", &text, &[0x03, 0, 0x39]);
        add("split text", &text, &attempt(&[0x02, 1, 0x3a, 0x39]));
        add("sha256", &item, &[0x1d, 0x1e, 0x5c, 1]);
        add("shake256 of one byte", &item, &[0x1d, 0x1f, 1, 0x5c, 1]);
        add("shake256 of 255 bytes", &item, &[0x1d, 0x1f, 255, 0x5c, 1]);
        add("derive a scalar", &item, &[0x1d, 0x4b, 0x5c, 1]);
        add("write the cache", &item, &[0x1d, 0x06]);
        add("read the cache", &[&item[..], &[0x1d, 0x06]].concat(), &[0x0a, 1, 80, 0x5c, 1]);
        let random = [&push(&u16::try_from(size).expect("short").to_be_bytes())[..], &[0x2f]];
        add("random", &item, &[&random.concat()[..], &DROP].concat());
        let key = vec![7; size.min(255)];
        let key = [&[size.min(255) as u8][..], &key].concat();
        add("look for an entry", &item, &[&[0x0b][..], &key, &DROP].concat());
        add("write under a key", &item, &[&[0x09][..], &key, &[0]].concat());
        add("look for a value", &item, &attempt(&[&[0x40][..], &key].concat()));
        // An empty loop that looks at an item without a bit until it comes to the last byte.
        let late = [&vec![0; size - 1][..], &[1]].concat();
        add("look at a condition", &late, &attempt(&[0x45, 0, 0]));
    }
}

fn curve(bombs: &mut Vec<Bomb>, message: &[u8]) {
    let key = crypto::public_key(&SEED);
    let good = crypto::sign(&SEED, message);
    let wrong = good.map(|byte| byte ^ 1);
    let scalar: [u8; 32] = [0x05; 32];
    let [pushed_key, pushed_scalar] = [push(&key), push(&scalar)];
    let mut add = |name: &str, before: &[u8], code: &[&[u8]]| {
        bombs.push(Bomb(name.into(), before.into(), code.concat()));
    };
    add("check a signature", &push(&good), &[&[0x1d], &pushed_key, &[0x23, 0], &DROP]);
    add("check a wrong signature", &push(&wrong), &[&[0x1d], &pushed_key, &[0x23, 0], &DROP]);
    let of_message = [&push(message)[..], &pushed_key, &[0x4a]].concat();
    add("check a signature of an item", &push(&good), &[&[0x1d], &of_message, &DROP]);
    let both = [push(&wrong), push(&key)].concat();
    let many = [0x34, 0, 1, 0x1c, 127, 0x34, 0, 128, 0x1c, 127, 0x46, 0, 127, 127, 0x5c, 1];
    add("check 127 signatures", &both, &[&many, &[0x34, 0, 1]]);
    add("sign", &push(&SEED), &[&[0x1d, 0x48, 0], &DROP]);
    add("derive a point", &pushed_scalar, &[&[0x1d, 0x4f], &DROP]);
    add("check a point", &pushed_key, &[&[0x1b, 1]]);
    add("add points", &pushed_key, &[&[0x1d, 0x1d, 0x1b, 2], &DROP]);
    add("subtract points", &pushed_key, &[&[0x1c, 254, 0x50, 254], &DROP]);
    add("add scalars", &pushed_scalar, &[&[0x1c, 254, 0x4d, 254], &DROP]);
    add("subtract scalars", &pushed_scalar, &[&[0x1c, 254, 0x4e, 254], &DROP]);
    add("clamp a scalar", &pushed_scalar, &[&[0x4c, 1]]);
    add("taproot", &pushed_key, &[&[0x1d, 0x1d, 0x1d, 0x5b, 0], &DROP]);
    let made = [&[0x1d][..], &push(&[1; 20]), &pushed_key, &[0x51]].concat();
    add("make an adapter signature", &push(&SEED), &[&made, &DROP, &DROP]);
    let given = [&pushed_scalar[..], &pushed_key, &push(&[1; 20]), &pushed_key, &pushed_key];
    add("check an adapter signature", &[1], &[&given.concat(), &[0x53], &DROP]);
    let shown = [&pushed_scalar[..], &pushed_key, &pushed_scalar, &[0x54]].concat();
    add("decrypt an adapter signature", &[1], &[&shown, &DROP, &DROP]);
}

fn flow(bombs: &mut Vec<Bomb>) {
    let mut add = |name: &str, before: &[u8], code: &[u8]| {
        bombs.push(Bomb(name.into(), [&[1], before].concat(), code.to_vec()));
    };
    let many: Vec<u8> = (0..=u8::MAX).flat_map(|handle| [0x29, handle, 0, 0]).collect();
    add("true", &[], &[1, 0x5c, 1]);
    add("an empty IF", &[], &[1, 0x2b, 0, 0]);
    add("an empty TRY", &[], &[0x3d, 0, 0, 0, 0]);
    add("an empty EVAL", &[], &[3, 2, 0x5c, 0, 0x2d]);
    add("a caught error", &[], &attempt(&[0x2a, 7]));
    add("a caught error of text", &[], &attempt(&[&[0x40, 255][..], &[0xff; 255]].concat()));
    let deep = (0..150).fold(vec![0x20], |code, _| [&[1, 0x2b][..], &body(&code)].concat());
    add("an error from 150 blocks", &[], &attempt(&deep));
    add("define", &[], &[0x29, 7, 0, 0]);
    add("define among many in a block", &many, &[1, 0x2b, 0, 4, 0x29, 7, 0, 0]);
    add("call", &[0x29, 7, 0, 0], &[1, 0x2b, 0, 4, 0x2a, 7, 0x2a, 7]);
    add("list in the cache", &[0x1c, 255], &[0x1c, 254, 0x09, 1, 7, 254]);
    let list = [0x1c, 255, 0x09, 1, 7, 254];
    add("list from the cache", &list, &[0x0a, 1, 7, 0x5c, 127, 0x5c, 127]);
    add("reverse", &[0x1c, 255], &[0x36, 255]);
    add("build the message", &[], &[5, 0, 0x5c, 1]);
    add("build an empty message", &[], &[5, 0xff, 0x5c, 1]);
    add("compare a template", &[], &[1, 0x59, 2, 0x5c, 1]);
    add("miss a template", &[], &attempt(&[1, 0x59, 0x80]));
    add("remainder of floats", &push(&[0x7f, 0x7f, 255, 255]), &[0x1d, 0x19, 0, 0, 0, 3, 0x5c, 1]);
    add("float to integer", &push(&[0x7f, 0x7f, 255, 255]), &[0x1d, 0x44, 0x5c, 1]);
    add("add floats", &push(&[0x40, 0, 0, 0]), &[0x1c, 254, 0x15, 254, 0x5c, 1]);
    // A thousand entries with long keys, written by scripts that are put together.
    let code = [&push(&[&[9, 255][..], &[7; 253]].concat())[..], &[0x34, 0, 1, 0x37, 2, 0, 0x37]];
    let write = [&[2, 1, 0x0e, 2, 0x1d][..], &code.concat(), &[0x2d]].concat().repeat(9);
    let look = [&[0x0b, 255][..], &[7; 253], &[0x10, 0x10], &DROP].concat();
    add("look among a thousand entries", &[push(&[1, 0]), rounds(&write)].concat(), &look);
}

fn main() -> ExitCode {
    let all = std::env::args().nth(1).is_some();
    let fields = Fields::new().with::<1>([1; 1000]).with::<2>([2; 16]).with::<3>([3; 4]);
    let message = fields.message(SigFlags::NONE).expect("it is short");
    let mut bombs = Vec::new();
    integers(&mut bombs);
    bytes(&mut bombs);
    curve(&mut bombs, &message);
    flow(&mut bombs);

    let mut limits = Limits::default();
    limits.budget = TapescriptAuth::BUDGET;
    let machine = Machine::new().with_limits(limits);
    let measured = bombs.iter().map(|bomb| {
        let script = script(bomb);
        // The least of several: a neighbour on the same core only adds to it.
        let runs = (0..9).map(|_| {
            let start = worked();
            let verdict = machine.verdict(&[&script], Cache::from(&fields));
            (worked() - start, verdict.spent)
        });
        let (least, spent) = runs.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are runs");
        // In time for the whole budget, where a bomb goes out before.
        (least / spent as f64 * limits.budget as f64, spent, &bomb.0)
    });
    let mut measured: Vec<_> = measured.collect();
    measured.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("| bomb | ms for {} units | units |\n|---|---|---|", limits.budget);
    let shown = if all { measured.len() } else { 12 };
    for (least, spent, name) in &measured[..shown] {
        println!("| {name} | {least:.1} | {spent} |");
    }
    println!("{} bombs, {shown} shown", measured.len());
    if measured[0].0 > MOST {
        eprintln!("a bomb takes more than {MOST} ms");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
