//! Definitions, branches, loops, scripts from the stack.

use std::rc::Rc;

use crate::error::{Error, ErrorKind};
use crate::flags::DISALLOW_EVAL;
use crate::limits::cost;
use crate::num::bytes_to_bool;
use crate::vm::{Kind, Vm};

impl Vm<'_> {
    pub(super) fn def(&mut self) -> Result<(), Error> {
        let handle = self.tape.byte()?;
        let body = self.tape.body()?;
        let copied = self.tape.define(handle, body, self.plugins_in_blocks());
        self.spend(cost::DEFINITION + copied as u64 / 2)
    }

    pub(super) fn call(&mut self) -> Result<(), Error> {
        if self.tape.calls.get() >= self.machine.limits().callstack {
            return Err(callstack_exceeded());
        }
        let handle = self.tape.byte()?;
        let calls = self.tape.calls.get() + 1;
        self.tape.calls.set(calls);
        let known = self.tape.defined(handle);
        let definition =
            known.ok_or_else(|| Error::new(ErrorKind::Key, super::text::shown(&[handle])))?;
        definition.calls.set(calls);
        definition.flags.reset_for(&self.tape.flags);
        let position = definition.position();
        definition.rewind();
        self.enter(definition, Kind::Call { position })
    }

    pub(super) fn if_op(&mut self) -> Result<(), Error> {
        let body = self.tape.body()?;
        if bytes_to_bool(&self.stack.pull()?) {
            let block = self.tape.block(body, self.plugins_in_blocks());
            self.enter(Rc::new(block), Kind::Block)?;
        }
        Ok(())
    }

    pub(super) fn if_else(&mut self) -> Result<(), Error> {
        let (body, otherwise) = (self.tape.body()?, self.tape.body()?);
        let taken = if bytes_to_bool(&self.stack.pull()?) { body } else { otherwise };
        let block = self.tape.block(taken, self.plugins_in_blocks());
        self.enter(Rc::new(block), Kind::Block)
    }

    pub(super) fn try_except(&mut self) -> Result<(), Error> {
        let (body, except) = (self.tape.body()?, self.tape.body()?);
        let block = self.tape.block(body, self.plugins_in_blocks());
        self.enter(Rc::new(block), Kind::Try { except })
    }

    pub(super) fn loop_op(&mut self) -> Result<(), Error> {
        let range = self.tape.body()?;
        let body = self.tape.part(range, self.plugins_in_blocks());
        self.round(Rc::new(body), 0)
    }

    pub(super) fn eval(&mut self) -> Result<(), Error> {
        if self.tape.flags.read(|flags| flags.text(DISALLOW_EVAL).is_some()) {
            return Err(Error::script("OP_EVAL disallowed"));
        }
        if self.tape.calls.get() >= self.machine.limits().callstack {
            return Err(callstack_exceeded());
        }
        let script = self.stack.pull()?;
        if script.is_empty() {
            return Err(Error::value("OP_EVAL encountered empty script"));
        }
        self.spend(cost::bytes(script.len()))?;
        let tape = self.tape.evaluated(&script);
        self.enter(Rc::new(tape), Kind::Eval)
    }

    pub(super) fn merkleval(&mut self) -> Result<(), Error> {
        let root = self.tape.range(32)?;
        self.dup()?;
        self.sha256()?;
        self.sha256()?;
        self.stack.swap(1, 2)?;
        self.swap2()?;
        self.sha256()?;
        self.bitwise(|a, b| a ^ b)?;
        self.stack.put(self.tape.slice(root))?;
        self.equal()?;
        self.verify()?;
        self.eval()
    }

    pub(super) fn return_op(&mut self) -> Result<(), Error> {
        self.tape.go_to_end();
        self.cache.set_returned();
        Ok(())
    }

    /// Fails whatever the key, as in the reference: keys of flags are texts and numbers, and scripts have bytes.
    pub(super) fn set_flag(&mut self) -> Result<(), Error> {
        self.tape.read_sized()?;
        Err(Error::script("OP_SET_FLAG unrecognized flag"))
    }

    /// Has no effect whatever the key, for the same reason.
    pub(super) fn unset_flag(&mut self) -> Result<(), Error> {
        self.tape.read_sized().map(drop)
    }
}

fn callstack_exceeded() -> Error {
    Error::script("callstack limit exceeded")
}
