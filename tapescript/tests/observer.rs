//! What an observer is told of a run.

use std::sync::{Arc, Mutex};

use tapescript::{Cache, Machine, asm, disasm};

/// The op with its place, its depth, and the items before and after it or the error.
type Seen = (String, usize, usize, usize, Result<usize, String>);

fn observed(source: &str) -> (Vec<Seen>, u64) {
    let steps: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let (seen, before) = (Arc::clone(&steps), Mutex::new(None));
    let machine = Machine::new().with_observer(Arc::new(move |step| {
        let mut before = before.lock().unwrap();
        let Some(result) = step.result else {
            assert_eq!(before.replace(step.stack.len()), None, "an op ends before the next begins");
            return;
        };
        let before = before.take().expect("an op begins before it ends");
        let line = disasm::first_line(&step.code[step.position..]).unwrap();
        let after = result.as_ref().map(|()| step.stack.len()).map_err(ToString::to_string);
        seen.lock().unwrap().push((line, step.position, step.depth, before, after));
    }));
    let code = asm::assemble(source).unwrap();
    let run = machine.run(&code, Cache::new());
    let plain = Machine::new().run(&code, Cache::new());
    assert_eq!((run.spent, run.stack, run.result), (plain.spent, plain.stack, plain.result));
    let steps = steps.lock().unwrap().clone();
    (steps, run.spent)
}

#[test]
fn each_op_is_told_of_before_and_after_it() {
    let (steps, spent) = observed("push d2 push d3 add_ints d2");
    let told = |line: &str, position, before, after| (line.into(), position, 0, before, Ok(after));
    assert_eq!(
        steps,
        [
            told("OP_PUSH0 d2", 0, 0, 1),
            told("OP_PUSH0 d3", 2, 1, 2),
            told("OP_ADD_INTS d2", 4, 2, 1)
        ]
    );
    assert!(spent > 0);
}

#[test]
fn ops_in_blocks_and_scripts_from_the_stack_have_their_own_places() {
    let (steps, _) = observed("true if { push ~ { true dup } eval } return true");
    let places: Vec<_> = steps.iter().map(|(line, at, depth, ..)| (&**line, *at, *depth)).collect();
    assert_eq!(
        places,
        [
            ("OP_TRUE", 0, 0),
            ("OP_IF {", 1, 0),
            ("OP_PUSH1 d2 x011d", 4, 1),
            ("OP_EVAL", 8, 1),
            ("OP_TRUE", 0, 2),
            ("OP_DUP", 1, 2),
            ("OP_RETURN", 9, 0),
        ]
    );
}

#[test]
fn errors_are_told_of_even_if_they_are_caught() {
    let (steps, _) = observed("try { false verify } except { true }");
    assert_eq!(steps[2], ("OP_VERIFY".into(), 4, 1, 1, Err("OP_VERIFY check failed".into())));
    assert_eq!(steps[3], ("OP_TRUE".into(), 7, 1, 0, Ok(1)));
}
