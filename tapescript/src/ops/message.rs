//! What a signature covers.

use crate::error::Error;
use crate::host::Access;
use crate::limits::cost;
use crate::stack::Item;
use crate::value::Value;
use crate::vm::Vm;

/// The cache's keys of what a signature covers.
pub(crate) const SIGFIELDS: [&str; 8] = [
    "sigfield1",
    "sigfield2",
    "sigfield3",
    "sigfield4",
    "sigfield5",
    "sigfield6",
    "sigfield7",
    "sigfield8",
];

impl Vm<'_> {
    pub(super) fn get_message(&mut self) -> Result<(), Error> {
        self.extend()?;
        let flags = self.tape.byte()?;
        let message = self.message(flags)?;
        self.stack.put(message)
    }

    /// Runs the plugins that may change the fields.
    pub(super) fn extend(&mut self) -> Result<(), Error> {
        if self.tape.plugins {
            for extension in self.machine.extensions() {
                extension(&mut Access { stack: &mut self.stack, cache: &mut self.cache })?;
            }
        }
        Ok(())
    }

    /// The fields in a row, but those whose bit is set. Nothing separates them.
    fn message(&mut self, flags: u8) -> Result<Item, Error> {
        let mut message = Item::default();
        let mut length = 0;
        for (bit, value) in self.cache.sigfields() {
            if flags & bit != 0 {
                continue;
            }
            let field = match value {
                Value::Bytes(field) => &field[..],
                Value::ByteArray(field) => &field[..],
                other => {
                    return Err(Error::ty(format!("can't concat {} to bytes", other.type_name())));
                }
            };
            length += field.len();
            // Too long a message is refused at the end, without having been built.
            if self.stack.check_size(length).is_ok() {
                message.extend_from_slice(field);
            }
        }
        self.spend(2 + cost::bytes(message.len()))?;
        self.stack.check_size(length)?;
        Ok(message)
    }

    /// The message as ops see it that take it by way of the stack, whose limits apply.
    pub(super) fn stacked_message(&mut self, flags: u8) -> Result<Item, Error> {
        let message = self.message(flags)?;
        self.stack.put(message)?;
        self.stack.pull()
    }
}
