//! The machine at work: frames, and what happens at the end of a tape.
//!
//! Blocks do not nest on the native stack: each is a frame on a list, so that hostile nesting ends at a limit.

mod frame;

use std::ops::Range;
use std::rc::Rc;

use crate::cache::Cache;
use crate::error::{Error, ErrorKind};
use crate::flags::{EVAL_RETURN, Flags};
use crate::limits::{Meter, cost, exhausted};
use crate::machine::Machine;
use crate::observer::Place;
use crate::stack::Stack;
use crate::tape::{Definitions, Tape};
use crate::value::{Key, Value};
pub(crate) use frame::{Frame, Kind};

/// A run: what all of its scripts share, and the tape that is read.
pub(crate) struct Vm<'m> {
    pub(crate) machine: &'m Machine,
    pub(crate) stack: Stack,
    pub(crate) cache: Cache,
    pub(crate) tape: Rc<Tape>,
    pub(crate) meter: Meter,
    /// The time is the same for the whole run.
    pub(crate) now: i64,
    /// The op that an observer was told of.
    pub(crate) told: Option<Place>,
    frames: Vec<Frame>,
    definitions: Rc<Definitions>,
}

impl<'m> Vm<'m> {
    pub(crate) fn new(machine: &'m Machine, stack: Stack, cache: Cache, now: i64) -> Self {
        let definitions = Rc::new(Definitions::default());
        Self {
            machine,
            stack,
            cache,
            tape: Rc::new(Tape::script(&[], 0, Rc::clone(&definitions), Flags::new())),
            meter: Meter::new(machine.limits().budget),
            now,
            told: None,
            frames: Vec::new(),
            definitions,
        }
    }

    /// Runs a script. One that follows another goes on with its stack, cache, definitions and count of calls.
    pub(crate) fn run(&mut self, script: &[u8], flags: Flags) -> Result<(), Error> {
        self.meter.spend(cost::bytes(script.len()))?;
        let calls = self.tape.calls.get();
        self.tape = Rc::new(Tape::script(script, calls, Rc::clone(&self.definitions), flags));
        let observed = self.machine.observer().is_some();
        loop {
            let result = if !self.tape.has_ended() {
                if observed {
                    self.tell_next();
                }
                let result = self.step();
                if observed { self.tell_end(result) } else { result }
            } else if let Some(frame) = self.frames.pop() {
                self.leave(frame)
            } else {
                return Ok(());
            };
            if let Err(error) = result {
                self.unwind(error)?;
            }
        }
    }

    /// How many tapes wait for the one that is read.
    pub(crate) const fn waiting(&self) -> usize {
        self.frames.len()
    }

    /// Spends units of the budget.
    pub(crate) fn spend(&mut self, units: u64) -> Result<(), Error> {
        self.meter.spend(units)
    }

    /// Goes on with another tape, and comes back to this one at its end.
    pub(crate) fn enter(&mut self, tape: Rc<Tape>, kind: Kind) -> Result<(), Error> {
        if self.frames.len() >= self.machine.limits().depth {
            return Err(Error::new(ErrorKind::Recursion, "maximum recursion depth exceeded"));
        }
        self.spend(cost::BLOCK + tape.flags.read(Flags::len) as u64)?;
        let around = std::mem::replace(&mut self.tape, tape);
        self.frames.push(Frame { around, kind });
        Ok(())
    }

    /// The end of a tape that was entered.
    fn leave(&mut self, frame: Frame) -> Result<(), Error> {
        match frame.kind {
            Kind::Loop { rounds } => return self.next_round(frame.around, rounds),
            Kind::Block | Kind::Try { .. } => {
                if self.cache.has_returned() {
                    frame.around.go_to_end();
                }
            }
            Kind::Eval => {
                if self.cache.has_returned() {
                    let flags = &frame.around.flags;
                    let ends =
                        flags.read(|flags| flags.text(EVAL_RETURN).is_some_and(Value::is_truthy));
                    if ends {
                        frame.around.go_to_end();
                    } else {
                        self.cache.clear_returned();
                    }
                }
            }
            Kind::Call { position } => {
                self.tape.set_position(position);
                self.cache.clear_returned();
            }
        }
        self.tape = frame.around;
        Ok(())
    }

    fn next_round(&mut self, around: Rc<Tape>, rounds: usize) -> Result<(), Error> {
        let body = std::mem::replace(&mut self.tape, around);
        if self.cache.has_returned() {
            return Ok(());
        }
        self.round(body, rounds)
    }

    /// Begins a round of a loop if the item on top says so.
    pub(crate) fn round(&mut self, body: Rc<Tape>, rounds: usize) -> Result<(), Error> {
        self.meter.spend(cost::bytes(self.stack.peek()?.len()))?;
        if !crate::num::bytes_to_bool(self.stack.peek()?) {
            return Ok(());
        }
        if rounds >= self.machine.limits().callstack {
            return Err(Error::script("OP_LOOP limit exceeded"));
        }
        body.rewind();
        body.flags.reset();
        self.enter(body, Kind::Loop { rounds: rounds + 1 })
    }

    /// Goes back to the innermost TRY that can catch the error, or to the outer tape.
    fn unwind(&mut self, mut error: Error) -> Result<(), Error> {
        while let Some(frame) = self.frames.pop() {
            self.tape = frame.around;
            let Kind::Try { except } = frame.kind else { continue };
            if error.can_be_caught() {
                match self.catch(&error, except) {
                    Ok(()) => return Ok(()),
                    Err(another) => error = another,
                }
            }
        }
        Err(error)
    }

    /// Goes on with the EXCEPT of a TRY.
    fn catch(&mut self, error: &Error, except: Range<usize>) -> Result<(), Error> {
        self.spend(cost::CAUGHT)?;
        let text = format!("{}|{}", error.kind().name(), error.message());
        self.write_cache(Key::from(b"E"), Value::List(vec![text.into_bytes().into()]))?;
        let block = self.tape.block(except, self.plugins_in_blocks());
        self.enter(Rc::new(block), Kind::Block)
    }

    /// Whether plugins run in a block that begins here.
    pub(crate) fn plugins_in_blocks(&self) -> bool {
        self.machine.extends_blocks() && self.tape.plugins
    }

    /// Sets an entry of the cache for a script.
    pub(crate) fn write_cache(&mut self, key: Key, value: Value) -> Result<(), Error> {
        self.spend(cost::bytes(Cache::size_of(&key, &value)))?;
        let limit = self.machine.limits().memory;
        if self.cache.write(key, value) > limit {
            return Err(exhausted(format!(
                "the scripts' cache entries need more than {limit} bytes"
            )));
        }
        Ok(())
    }
}
