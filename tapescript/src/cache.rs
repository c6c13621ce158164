//! The cache that all scripts of a run share.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::ops::SIGFIELDS;
use crate::value::{Key, Value};

/// The text key of the marker that RETURN leaves.
const RETURNED: &str = "returned";

/// What one entry that a script wrote costs beside its value.
const ENTRY: usize = 64;

/// The entries that the host gives to a run and that its scripts add.
///
/// The machine reads the texts `timestamp`, an integer, and `sigfield1` to `sigfield8`, byte strings: what a signature
/// covers. A script reads others by `GET_VALUE`.
///
/// ```
/// use tapescript::Cache;
///
/// let cache = Cache::new().with("sigfield1", *b"what is signed").with("timestamp", 1_700_000_000);
/// assert!(cache.get(&"sigfield1".into()).is_some());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cache {
    entries: BTreeMap<Key, Value>,
    /// The marker is looked at after each block, so it has a place of its own.
    returned: Option<Value>,
    /// What scripts' entries take, in bytes.
    written: usize,
}

impl Cache {
    /// A cache without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The cache with one more entry.
    #[must_use]
    pub fn with(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// Sets an entry.
    pub fn insert(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        match key.into() {
            Key::Text(key) if key == RETURNED => self.returned = Some(value.into()),
            key => {
                self.entries.insert(key, value.into());
            }
        }
    }

    /// The value of an entry.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Value> {
        match key {
            Key::Text(key) if key == RETURNED => self.returned.as_ref(),
            key => self.entries.get(key),
        }
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        match key {
            Key::Text(key) if key == RETURNED => self.returned.take(),
            key => self.entries.remove(key),
        }
    }

    /// All entries; the marker of RETURN is the last.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Value)> {
        let entries = self.entries.iter().map(|(key, value)| (key.clone(), value));
        entries.chain(self.returned.iter().map(|value| (RETURNED.into(), value)))
    }

    /// Sets an entry for a script, and gives what all entries of scripts take now.
    pub(crate) fn write(&mut self, key: Key, value: Value) -> usize {
        self.written += Self::size_of(&key, &value);
        match self.entries.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => {
                let old = entry.insert(value);
                self.written = self.written.saturating_sub(Self::size_of(entry.key(), &old));
            }
        }
        self.written
    }

    /// What an entry takes.
    pub(crate) fn size_of(key: &Key, value: &Value) -> usize {
        value.size() + key.len() + ENTRY
    }

    /// The fields that a signature may cover, with their bits in its flags, in order.
    pub(crate) fn sigfields(&self) -> impl Iterator<Item = (u8, &Value)> {
        let [first, .., last] = SIGFIELDS;
        self.entries.range(Key::from(first)..=Key::from(last)).filter_map(|(key, value)| {
            let Key::Text(name) = key else { return None };
            let bit = SIGFIELDS.iter().position(|field| field == name)?;
            Some((1 << bit, value))
        })
    }

    pub(crate) const fn has_returned(&self) -> bool {
        self.returned.is_some()
    }

    pub(crate) fn set_returned(&mut self) {
        self.returned = Some(Value::Bool(true));
    }

    pub(crate) fn clear_returned(&mut self) {
        self.returned = None;
    }
}
