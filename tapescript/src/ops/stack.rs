//! Constants, the cache and the order of the stack.

use crate::error::Error;
use crate::limits::cost;
use crate::num::Int;
use crate::stack::Item;
use crate::value::{Key, Value};
use crate::vm::Vm;

impl Vm<'_> {
    pub(super) fn push0(&mut self) -> Result<(), Error> {
        self.stack.put(self.tape.read(1)?)
    }

    pub(super) fn push1(&mut self) -> Result<(), Error> {
        let item = self.tape.read_sized()?;
        self.stack.put(item)
    }

    pub(super) fn push2(&mut self) -> Result<(), Error> {
        let range = self.tape.body()?;
        self.meter.spend(cost::bytes(range.len()))?;
        self.stack.check_size(range.len())?;
        self.stack.put(self.tape.slice(range))
    }

    pub(super) fn pop0(&mut self) -> Result<(), Error> {
        let item = self.stack.pull()?;
        self.write_cache(Key::from(b"P"), Value::from(vec![item]))
    }

    pub(super) fn pop1(&mut self) -> Result<(), Error> {
        let count = usize::from(self.tape.byte()?);
        let items = self.pull_list(count)?;
        self.write_cache(Key::from(b"P"), items)
    }

    pub(super) fn size(&mut self) -> Result<(), Error> {
        let item = self.stack.pull()?;
        self.stack.put(Int::from(item.len()).to_item())
    }

    pub(super) fn write_cache_op(&mut self) -> Result<(), Error> {
        let key = Key::from(self.tape.read_sized()?);
        let count = usize::from(self.tape.byte()?);
        let items = self.pull_list(count)?;
        self.write_cache(key, items)
    }

    /// Pulls items into a list, in that order.
    fn pull_list(&mut self, count: usize) -> Result<Value, Error> {
        // What is there at most: the memory of the list is counted by its length.
        let mut items = Vec::with_capacity(count.min(self.stack.len()));
        for _ in 0..count {
            items.push(Value::Bytes(self.stack.pull()?));
        }
        Ok(Value::List(items))
    }

    pub(super) fn read_cache(&mut self) -> Result<(), Error> {
        let key = Key::from(self.tape.read_sized()?);
        self.put_entry(&key, "OP_READ_CACHE key not in cache")
    }

    pub(super) fn read_cache_stack(&mut self) -> Result<(), Error> {
        let key = Key::Bytes(self.stack.pull()?);
        self.put_entry(&key, "OP_READ_CACHE_STACK key not in cache")
    }

    pub(super) fn read_cache_size(&mut self) -> Result<(), Error> {
        let key = Key::from(self.tape.read_sized()?);
        self.put_entry_size(&key)
    }

    pub(super) fn read_cache_stack_size(&mut self) -> Result<(), Error> {
        let key = Key::Bytes(self.stack.pull()?);
        self.put_entry_size(&key)
    }

    fn put_entry(&mut self, key: &Key, missing: &'static str) -> Result<(), Error> {
        self.spend(cost::bytes(key.len()))?;
        let value = self.cache.get(key).ok_or_else(|| Error::script(missing))?;
        for value in value.listed() {
            let Value::Bytes(item) = value else { return Err(no_bytes()) };
            self.meter.spend(1 + cost::bytes(item.len()))?;
            self.stack.put(item.clone())?;
        }
        Ok(())
    }

    fn put_entry_size(&mut self, key: &Key) -> Result<(), Error> {
        self.spend(cost::bytes(key.len()))?;
        let size = match self.cache.get(key) {
            None => 0,
            Some(Value::List(values)) => values.len(),
            Some(Value::Bytes(item)) => item.len(),
            Some(Value::ByteArray(bytes)) => bytes.len(),
            Some(Value::Text(text)) => text.chars().count(),
            Some(other) => {
                return Err(Error::ty(format!(
                    "object of type '{}' has no len()",
                    other.type_name()
                )));
            }
        };
        self.stack.put(Int::from(size).to_item())
    }

    pub(super) fn copy(&mut self) -> Result<(), Error> {
        let count = self.tape.byte()?;
        let item = self.stack.pull()?;
        for _ in 0..=count {
            self.meter.spend(1 + cost::bytes(item.len()))?;
            self.stack.put(item.clone())?;
        }
        Ok(())
    }

    pub(super) fn dup(&mut self) -> Result<(), Error> {
        let item = self.stack.pull()?;
        self.spend(cost::bytes(item.len()))?;
        self.stack.put(item.clone())?;
        self.stack.put(item)
    }

    pub(super) fn depth(&mut self) -> Result<(), Error> {
        self.stack.put(Int::from(self.stack.len()).to_item())
    }

    pub(super) fn swap(&mut self) -> Result<(), Error> {
        let depths = self.tape.read(2)?;
        self.stack.swap(usize::from(depths[0]), usize::from(depths[1]))
    }

    pub(super) fn swap2(&mut self) -> Result<(), Error> {
        let top = self.stack.pull()?;
        let second = self.stack.pull()?;
        self.stack.put(top)?;
        self.stack.put(second)
    }

    pub(super) fn reverse(&mut self) -> Result<(), Error> {
        let count = usize::from(self.tape.byte()?);
        self.spend(count as u64 / 16)?;
        self.stack.reverse(count)
    }

    pub(super) fn get_value(&mut self) -> Result<(), Error> {
        let key = super::text::decoded(self.tape.read_sized()?)?;
        self.meter.spend(cost::bytes(key.len()))?;
        let value = self
            .cache
            .get(&Key::from(key.to_owned()))
            .ok_or_else(|| Error::script(format!("OP_GET_VALUE key \"{key}\" not in cache")))?;
        for value in value.listed() {
            self.meter.spend(1 + cost::bytes(value.size()))?;
            let item = match value {
                Value::Bytes(item) => item.clone(),
                Value::ByteArray(_) => return Err(no_bytes()),
                Value::Text(text) => Item::from_slice(text.as_bytes()),
                Value::Int(number) => number.to_item(),
                Value::Float(number) => crate::num::float_to_bytes(*number)?.into(),
                // The reference skips what it does not know, without an error.
                Value::None | Value::Bool(_) | Value::List(_) => continue,
            };
            self.stack.put(item)?;
        }
        Ok(())
    }
}

pub(super) fn no_bytes() -> Error {
    Error::ty("Stack item must be bytes")
}
