//! Looking on while scripts run.

use std::rc::Rc;
use std::sync::Arc;

use crate::cache::Cache;
use crate::error::Error;
use crate::stack::Stack;
use crate::tape::Tape;
use crate::vm::Vm;

/// Is told of each op before it runs and after it.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use tapescript::{Cache, Machine, disasm};
///
/// let steps = Arc::new(Mutex::new(Vec::new()));
/// let seen = Arc::clone(&steps);
/// let machine = Machine::new().with_observer(Arc::new(move |step| {
///     if step.result.is_some() {
///         let line = disasm::first_line(&step.code[step.position..]).unwrap();
///         seen.lock().unwrap().push((step.position, line, step.stack.len()));
///     }
/// }));
/// machine.run(&[0x01, 0x1d], Cache::new());
/// assert_eq!(*steps.lock().unwrap(), [(0, "OP_TRUE".into(), 1), (1, "OP_DUP".into(), 2)]);
/// ```
pub type Observer = Arc<dyn Fn(&Step<'_>) + Send + Sync>;

/// An op that is about to run or has run, as an [`Observer`] sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step<'a> {
    /// The code that the op stands in: a script, or one that EVAL took from the stack.
    pub code: &'a [u8],
    /// Where in the code the op begins.
    pub position: usize,
    /// How many blocks, calls and scripts from the stack are open around the op.
    pub depth: usize,
    /// The stack.
    pub stack: &'a Stack,
    /// The cache.
    pub cache: &'a Cache,
    /// The units of the [budget](crate::Limits::budget) that were spent so far.
    pub spent: u64,
    /// How the op ended; nothing before it runs.
    ///
    /// An op that begins a block ends where the block begins.
    pub result: Option<&'a Result<(), Error>>,
}

/// The place of an op that an observer was told of.
#[derive(Debug)]
pub(crate) struct Place {
    tape: Rc<Tape>,
    position: usize,
    depth: usize,
}

// A run that nobody observes only looks whether somebody does: all else is kept out of its way.
impl Vm<'_> {
    /// Tells of the op that comes next.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_next(&mut self) {
        let tape = Rc::clone(&self.tape);
        self.told = Some(Place { position: tape.position(), tape, depth: self.waiting() });
        self.tell(None);
    }

    /// Tells how that op ended.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_end(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        self.tell(Some(&result));
        result
    }

    fn tell(&self, result: Option<&Result<(), Error>>) {
        let (Some(observer), Some(place)) = (self.machine.observer(), &self.told) else { return };
        observer(&Step {
            code: place.tape.code(),
            position: place.position,
            depth: place.depth,
            stack: &self.stack,
            cache: &self.cache,
            spent: self.meter.spent(),
            result,
        });
    }
}
