//! Flags: switches of the host that ops look at.

use std::cell::RefCell;
use std::rc::Rc;

use crate::value::{Key, Value};

/// The threshold of CHECK_TIMESTAMP, in seconds.
pub(crate) const TS_THRESHOLD: &str = "ts_threshold";
/// The threshold of CHECK_EPOCH, in seconds.
pub(crate) const EPOCH_THRESHOLD: &str = "epoch_threshold";
/// Its presence forbids EVAL.
pub(crate) const DISALLOW_EVAL: &str = "disallow_OP_EVAL";
/// Lets the end of an EVAL by RETURN end the tape around it.
pub(crate) const EVAL_RETURN: &str = "eval_return";

/// The numbers of the standard switches, which are on by default.
pub(crate) mod switch {
    pub(crate) const INVOKE: i64 = 0;
    pub(crate) const SCALAR: i64 = 1;
    pub(crate) const POINT: i64 = 2;
    pub(crate) const NONCE: i64 = 3;
    pub(crate) const NONCE_POINT: i64 = 4;
    pub(crate) const TWEAK: i64 = 5;
    pub(crate) const TWEAK_POINT: i64 = 6;
    pub(crate) const TWEAKED_NONCE: i64 = 7;
    pub(crate) const ADAPTER: i64 = 8;
    pub(crate) const SIGNATURE: i64 = 9;
    pub(crate) const TEMPLATE_EXTENSIONS: i64 = 10;
}

/// The seconds of both thresholds, unless the host says otherwise.
pub(crate) const DEFAULT_THRESHOLD: i64 = 60;

/// What the host set other than by default.
///
/// A run begins with the standard flags, both thresholds and the switches 0 to 10, at their defaults, and puts these
/// over them. Blocks see the flags of the tape around them; LOOP and CALL put the standard flags back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags(Vec<(Key, Value)>);

impl Flags {
    /// No flag but the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The flags with one more. Byte strings are no keys of flags: such an entry is left out.
    #[must_use]
    pub fn with(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.set(key.into(), value.into());
        self
    }

    fn set(&mut self, key: Key, value: Value) {
        if matches!(key, Key::Bytes(_)) {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// What was set beside the defaults.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(key, _)| matches!(key, Key::Text(text) if text == name))
            .map(|(_, value)| value)
    }

    /// Whether a standard switch is on.
    pub(crate) fn is_on(&self, number: i64) -> bool {
        let set = self.0.iter().find(|(key, _)| *key == Key::Int(number));
        set.is_none_or(|(_, value)| value.is_truthy())
    }

    /// Puts the standard flags back to their defaults.
    pub(crate) fn reset(&mut self) {
        self.0.retain(|(key, _)| match key {
            Key::Text(name) => name != TS_THRESHOLD && name != EPOCH_THRESHOLD,
            Key::Int(number) => !(0..=10).contains(number),
            Key::Bytes(_) => true,
        });
    }

    /// Puts others over these.
    pub(crate) fn overlay(&mut self, others: &Self) {
        for (key, value) in &others.0 {
            self.set(key.clone(), value.clone());
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

/// Flags that several tapes share.
///
/// Either all tapes of a run have some or none has: most runs have none, and take no memory for them.
#[derive(Clone, Debug)]
pub(crate) struct SharedFlags(Option<Rc<RefCell<Flags>>>);

impl SharedFlags {
    pub(crate) fn new(flags: Flags) -> Self {
        Self((flags.len() > 0).then(|| Rc::new(RefCell::new(flags))))
    }

    /// Flags of their own, the same for now.
    pub(crate) fn copy(&self) -> Self {
        Self(self.0.as_ref().map(|flags| Rc::new(RefCell::clone(flags))))
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Flags) -> T) -> T {
        match &self.0 {
            Some(flags) => look(&flags.borrow()),
            None => look(&Flags::new()),
        }
    }

    /// Puts the standard flags back to their defaults.
    pub(crate) fn reset(&self) {
        if let Some(flags) = &self.0 {
            flags.borrow_mut().reset();
        }
    }

    /// Puts the standard flags back, and those of a caller over them. Where both share their flags, the standard ones
    /// stay at their defaults.
    pub(crate) fn reset_for(&self, caller: &Self) {
        self.reset();
        if let (Some(flags), Some(caller)) = (&self.0, &caller.0)
            && !Rc::ptr_eq(flags, caller)
        {
            flags.borrow_mut().overlay(&caller.borrow());
        }
    }
}
