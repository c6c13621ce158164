use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

use bytes::Bytes;
use foldhash::fast::RandomState;

/// Into how many parts the uris of a message type are divided.
const PARTS: usize = 64;

/// A map of uris that is cheap to copy and change.
///
/// A router's table is copied for each change, so that readers need no lock. Copies share the parts
/// that are the same: with thousands of handlers one more, or one less, copies a few dozen.
///
/// The hash is a fast one: what a peer sends is only looked up. The uris in the map are the app's,
/// and its seed is random.
#[derive(Debug, Clone)]
pub(super) struct Uris<T> {
    /// None, or all of them.
    parts: Vec<Arc<HashMap<Bytes, T, RandomState>>>,
    hasher: RandomState,
}

impl<T> Default for Uris<T> {
    fn default() -> Self {
        Self { parts: Vec::new(), hasher: RandomState::default() }
    }
}

impl<T> Uris<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    #[inline]
    pub(super) fn get(&self, uri: &[u8]) -> Option<&T> {
        self.parts.get(self.part(uri))?.get(uri)
    }

    /// Returns the part that a uri is in, by bits of its hash that the maps themselves use last.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "some bits of a hash are a hash")]
    fn part(&self, uri: &[u8]) -> usize {
        (self.hasher.hash_one(uri) >> 40) as usize % PARTS
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(|part| part.values())
    }
}

impl<T: Clone> Uris<T> {
    /// Returns what is at a uri, to change it.
    pub(super) fn get_or_default(&mut self, uri: &Bytes) -> &mut T
    where
        T: Default,
    {
        if self.parts.is_empty() {
            let part = Arc::new(HashMap::with_hasher(self.hasher.clone()));
            self.parts = vec![part; PARTS];
        }
        let part = self.part(uri);
        #[allow(clippy::indexing_slicing, reason = "there are as many parts as `part` knows")]
        let part = &mut self.parts[part];
        Arc::make_mut(part).entry(uri.clone()).or_default()
    }

    pub(super) fn remove(&mut self, uri: &[u8]) -> Option<T> {
        let part = self.part(uri);
        let part = self.parts.get_mut(part)?;
        let removed = part.contains_key(uri).then(|| Arc::make_mut(part).remove(uri))?;
        if self.parts.iter().all(|part| part.is_empty()) {
            self.parts = Vec::new();
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_all_but_what_is_changed() {
        let mut uris = Uris::default();
        let uri = |number: u32| Bytes::from(format!("handlers/{number}"));
        for number in 0..10_000 {
            *uris.get_or_default(&uri(number)) = number;
        }
        let mut copy = uris.clone();
        assert_eq!(copy.remove(&uri(77)), Some(77));
        assert_eq!((copy.get(&uri(77)), uris.get(&uri(77))), (None, Some(&77)));
        assert_eq!((copy.values().count(), uris.values().count()), (9_999, 10_000));
        let apart =
            uris.parts.iter().zip(&copy.parts).filter(|(one, other)| !Arc::ptr_eq(one, other));
        assert_eq!(apart.count(), 1);
        let largest = uris.parts.iter().map(|part| part.len()).max();
        assert!(largest < Some(10_000 / PARTS * 3), "uris of a kind are spread: {largest:?}");
    }

    #[test]
    fn what_is_empty_again_holds_nothing() {
        let mut uris = Uris::default();
        assert_eq!(uris.remove(b"a"), None);
        *uris.get_or_default(&"a".into()) = 1;
        assert_eq!(uris.remove(b"b"), None);
        assert_eq!(uris.remove(b"a"), Some(1));
        assert!(uris.is_empty());
    }
}
