//! What no script can get around: budget, memory and depth.

use tapescript::{Cache, ErrorKind, Fields, Limits, Machine, Op, Verdict};

fn machine(change: impl FnOnce(&mut Limits)) -> Machine {
    let mut limits = Limits::default();
    change(&mut limits);
    Machine::new().with_limits(limits)
}

fn ran(script: &[u8], budget: u64) -> Verdict {
    let fields = Fields::new().with::<1>([1; 1000]).with::<2>([2; 16]);
    machine(|limits| limits.budget = budget).verdict(&[script], Cache::from(&fields))
}

fn body(code: &[u8]) -> Vec<u8> {
    let length = u16::try_from(code.len()).expect("blocks are short");
    [&length.to_be_bytes()[..], code].concat()
}

fn push(item: &[u8]) -> Vec<u8> {
    [&[Op::Push2.code()][..], &body(item)].concat()
}

fn block(op: Op, code: &[u8]) -> Vec<u8> {
    [&[op.code()][..], &body(code)].concat()
}

/// A TRY around code, with an EXCEPT that does nothing.
fn attempt(code: &[u8]) -> Vec<u8> {
    [block(Op::TryExcept, code), body(&[0x5c, 0])].concat()
}

fn kind(verdict: &Verdict) -> Option<ErrorKind> {
    verdict.error.as_ref().map(tapescript::Error::kind)
}

/// How many units code takes beside what goes before it.
fn cost(before: &[u8], code: &[u8]) -> u64 {
    let both = ran(&[before, code].concat(), 1_000_000);
    assert_ne!(kind(&both), Some(ErrorKind::Exhausted));
    // Reading the code costs by its length, too.
    both.spent - ran(before, 1_000_000).spent
}

/// Units stand for time, so what goes through much may not be cheap. The least here is what keeps a unit below some
/// 60 ns; `tapescript-bombs` measures it.
#[test]
fn work_is_paid_by_its_size() {
    let long = push(&[&[0x7f][..], &[5; 999]].concat());
    let zeros = push(&[0; 1000]);
    let many: Vec<u8> = (0..=u8::MAX).flat_map(|handle| [0x29, handle, 0, 0]).collect();
    let point = push(&tapescript::crypto::public_key(&[7; 32]));
    let short = push(&[5; 9]);
    let nothing: &[u8] = &[];
    let cases: [(&str, &[u8], &[u8], u64); 27] = [
        ("an integer is read and written", &long, &[0x0f, 1], 120),
        ("and added", &long, &[0x1d, 0x0e, 2], 190),
        ("and multiplied by one", &long, &[0x10, 1], 120),
        ("and divided by a short one", &long, &[0x11, 1, 7], 120),
        ("and compared", &long, &[0x1d, 0x3e], 120),
        ("and rounded", &long, &[0x43], 60),
        ("and taken for a time", &long, &[0x25], 60),
        ("an index is read", &long, &[0x1d, 0x38], 60),
        ("a number of more than a word is added", &short, &[0x1d, 0x0e, 2], 9),
        ("a condition is looked at", &zeros, &[0x45, 0, 0], 16),
        ("a definition among many, in a block", &many, &[0x01, 0x2b, 0, 4, 0x29, 7, 0, 0], 140),
        ("a definition", nothing, &[0x29, 7, 0, 0], 17),
        ("a long item is hashed", &long, &[0x1e], 60),
        ("a short item is hashed", &short, &[0x1e], 5),
        ("a long item goes through SHAKE256", &long, &[0x1f, 1], 60),
        ("a short item goes through SHAKE256", &short, &[0x1f, 255], 17),
        ("a long seed is hashed", &long, &[0x4b], 70),
        ("an item is copied", &long, &[0x1c, 9], 150),
        ("an item is changed", &long, &[0x1d, 0x56], 30),
        ("text is checked and split", &long, &[0x02, 1, 0x3a], 30),
        ("an entry is written", nothing, &[&[9, 255][..], &[7; 255], &[0]].concat(), 5),
        ("an entry is looked for", nothing, &[&[0x0b, 255][..], &[7; 255]].concat(), 4),
        ("an error is caught", nothing, &attempt(&[0x2a, 7]), 15),
        ("a message is built", nothing, &[5, 0], 17),
        ("random bytes are drawn", &push(&[3, 232]), &[0x2f], 70),
        ("points are subtracted", &point, &[0x1d, 0x50, 2], 400),
        ("points are checked", &point, &[0x1b, 1], 1000),
    ];
    for (what, before, code, least) in cases {
        let units = cost(before, code);
        assert!(units >= least, "{what}: {units} units");
    }
}

/// Rounds in rounds, with a TRY around each, that never end by themselves.
fn endless() -> Vec<u8> {
    (0..8).fold(vec![Op::Push0.code(), 1, 0x5c, 1], |inner, _| attempt(&block(Op::Loop, &inner)))
}

#[test]
fn whatever_the_budget_its_end_is_not_caught() {
    let script = [vec![Op::True.code()], endless()].concat();
    for budget in (0..2_000).chain([200_000, 1_000_000]) {
        let verdict = ran(&script, budget);
        assert_eq!(kind(&verdict), Some(ErrorKind::Exhausted), "{budget} units");
        assert_eq!(verdict.spent, budget);
    }
}

#[test]
fn the_budget_is_for_all_scripts_together() {
    let machine = machine(|limits| limits.budget = 150);
    let script = [[0x01, 0x06]; 50].concat();
    assert!(machine.verdict(&[&script[..]], Cache::new()).error.is_some());
    let (half, opens) = (&script[..20], [&script[..20], &[0x01]].concat());
    assert!(machine.unlocks(&[half, &opens], Cache::new()));
    let verdict = machine.verdict(&[half, half, half, &opens], Cache::new());
    assert_eq!(kind(&verdict), Some(ErrorKind::Exhausted));
}

#[test]
fn a_return_ends_its_own_script_only() {
    // A block, and then what nobody can fulfil.
    let lock = [0x01, 0x2b, 0, 0, 0x00, 0x20];
    let witnesses: [&[u8]; 3] = [&[0x01, 0x30], &[0x01, 0x01, 0x2b, 0, 1, 0x30], &[0x01]];
    for witness in witnesses {
        let scripts = [witness, &lock];
        assert!(!Machine::new().unlocks(&scripts, Cache::new()));
        // What the host presets is cleared behind the first script as well.
        assert!(!Machine::new().unlocks(&scripts, Cache::new().with("returned", true)));
    }
    let reference = Machine::new().with_marker_across_scripts(true);
    assert!(reference.unlocks(&[witnesses[0], &lock], Cache::new()));
}

#[test]
fn a_full_cache_is_not_caught() {
    let fill = (0..=u8::MAX)
        .flat_map(|key| [&push(&[7; 1000])[..], &[0x1c, 49, 0x09, 1, key, 50]].concat());
    let verdict = ran(&attempt(&fill.take(60_000).collect::<Vec<_>>()), 1_000_000);
    assert_eq!(kind(&verdict), Some(ErrorKind::Exhausted));
    // Entries that take the place of others are not counted twice.
    let again = [&push(&[7; 1000])[..], &[0x1c, 49, 0x09, 1, 7, 50]].concat().repeat(58);
    assert_eq!(kind(&ran(&again, 1_000_000)), None);
}

/// Blocks are frames on a list: neither a run, nor what it leaves behind, nests on the native stack.
#[test]
fn blocks_of_every_kind_nest_to_the_limit_and_no_further() {
    type Wrap = fn(&[u8]) -> Vec<u8>;
    let wrap: [Wrap; 4] = [
        |code| [&[0x01][..], &block(Op::If, code)].concat(),
        |code| [&[0x01][..], &block(Op::IfElse, code), &[0, 0]].concat(),
        |code| [&block(Op::TryExcept, code)[..], &[0, 0]].concat(),
        |code| [&[0x01][..], &block(Op::Loop, &[code, &[0x00]].concat())].concat(),
    ];
    let nested =
        |depth: usize, wrap: Wrap| (0..depth).fold(vec![Op::True.code()], |inner, _| wrap(&inner));
    std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || {
            for (number, wrap) in wrap.into_iter().enumerate() {
                let fits = ran(&nested(480, wrap), 1_000_000);
                assert_eq!(kind(&fits), None, "kind {number}");
                let deeper = ran(&nested(481, wrap), 1_000_000);
                // A TRY catches that, and its EXCEPT is not as deep.
                let expected = if number == 2 { None } else { Some(ErrorKind::Recursion) };
                assert_eq!(kind(&deeper), expected, "kind {number}");
            }
        })
        .expect("a thread starts")
        .join()
        .expect("the stack is enough");
}

#[test]
fn a_script_that_runs_itself_ends() {
    for script in [&[0x1d, 0x2d][..], &[0x1d, 0x2d, 0x1d, 0x2d]] {
        let verdict = ran(&[&push(script)[..], &[0x1d, 0x2d]].concat(), 1_000_000);
        assert_eq!(kind(&verdict), Some(ErrorKind::Script));
    }
    // A definition that calls itself, and one that catches what then happens and does so again.
    let calls = [&[Op::Def.code(), 7][..], &body(&[0x2a, 7]), &[0x2a, 7]].concat();
    assert_eq!(kind(&ran(&calls, 1_000_000)), Some(ErrorKind::Script));
    let again = [attempt(&[0x2a, 7]), attempt(&[0x2a, 7])].concat();
    let again = [&[Op::Def.code(), 7][..], &body(&again), &[0x2a, 7]].concat();
    assert!(ran(&again, 1_000_000).spent <= 1_000_000);
}

#[test]
fn sizes_are_checked_before_the_memory_is_taken() {
    for size in [&[0x04, 0x01][..], &[0x7f; 4], &[0x7f; 8]] {
        let verdict = ran(&[&push(size)[..], &[0x2f]].concat(), 1_000_000);
        assert_eq!(verdict.error.expect("too large").message(), "Stack item size too large");
        assert!(verdict.spent < 20);
    }
    let shown = ran(&[&push(&[0xff; 4])[..], &[0x2f]].concat(), 1_000_000).error;
    assert_eq!(shown.expect("negative").message(), "negative argument not allowed");
}
