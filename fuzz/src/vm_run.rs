//! A script ends within its budget and its bounds, and twice the same.

use tapescript::{Cache, Environment, ErrorKind, Flags, Limits, Machine, Run, Stack};

const BUDGET: u64 = 50_000;
const MEMORY: usize = 64 * 1024;

struct Still;

impl Environment for Still {
    fn now(&self) -> i64 {
        1_700_000_000
    }

    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn machine() -> Machine {
    let mut limits = Limits::default();
    limits.budget = BUDGET;
    limits.memory = MEMORY;
    Machine::new().with_limits(limits).with_environment(Still)
}

fn ran(script: &[u8]) -> Run {
    let cache = Cache::new().with("timestamp", 1_700_000_000).with("sigfield1", *b"a message");
    let mut stack = Stack::default();
    for item in [&b"first"[..], &[5], &[0; 32]] {
        stack.put(item).expect("there is room");
    }
    machine().run_with(script, stack, cache, Flags::new())
}

/// Runs one input.
pub fn run(script: &[u8]) {
    let (first, second) = (ran(script), ran(script));
    assert_eq!((&first.result, &first.stack), (&second.result, &second.stack));
    assert_eq!(first.spent, second.spent);
    assert!(first.spent <= BUDGET);
    assert!(first.stack.len() <= 1024);
    assert!(first.stack.items().iter().all(|item| item.len() <= 1024));
    let written: usize = first
        .cache
        .iter()
        .map(|(_, value)| match value {
            tapescript::Value::Bytes(item) => item.len(),
            tapescript::Value::List(values) => values.len(),
            _ => 0,
        })
        .sum();
    let exhausted = matches!(&first.result, Err(error) if error.kind() == ErrorKind::Exhausted);
    assert!(exhausted || written <= MEMORY);
}
