//! Templates: what fields must be.

use super::message::SIGFIELDS;
use super::stack::no_bytes;
use crate::error::{Error, ErrorKind};
use crate::flags::switch;
use crate::host::Access;
use crate::limits::cost;
use crate::stack::Stack;
use crate::value::{Key, Value};
use crate::vm::Vm;

impl Vm<'_> {
    /// All templates are pulled, even after one that does not fit.
    pub(super) fn check_template(&mut self) -> Result<(), Error> {
        if self.is_on(switch::TEMPLATE_EXTENSIONS) {
            self.extend()?;
        }
        let flags = self.tape.byte()?;
        let mut fits = true;
        for (bit, name) in SIGFIELDS.into_iter().enumerate() {
            if flags >> bit & 1 == 1 {
                fits &= self.field_fits(name)?;
            }
        }
        self.put_bool(fits)
    }

    fn field_fits(&mut self, name: &'static str) -> Result<bool, Error> {
        let template = self.stack.pull()?;
        let field = match self.cache.get(&Key::from(name)) {
            Some(Value::Bytes(field)) => field.clone(),
            Some(_) => return Err(no_bytes()),
            None => return Err(Error::new(ErrorKind::Key, format!("'{name}'"))),
        };
        self.spend(2 + cost::bytes(field.len() + template.len()))?;
        let same = template == field;
        // The reference's own limits, whatever those of the run are.
        let mut stack = Stack::default();
        stack.put(field)?;
        stack.put(template)?;
        if !self.tape.plugins || self.machine.templates().is_empty() {
            return Ok(same);
        }
        let mut fits = false;
        for check in self.machine.templates() {
            fits |= check(&mut Access { stack: &mut stack, cache: &mut self.cache })?;
        }
        Ok(fits)
    }
}
