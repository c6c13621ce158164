use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::plugin::Fingerprint;

/// The parts of a cache, each with a lock of its own: threads seldom meet at one.
const SHARDS: usize = 16;

/// The messages that an endpoint has received and sent, by their fingerprints.
///
/// It is allocated as it fills. What is in the maps are hashes under a random key, since peers
/// choose what is hashed.
#[derive(Debug)]
pub(crate) struct ReplayCache {
    shards: [Mutex<Shard>; SHARDS],
    /// Hashes fingerprints: senders choose some of them, such as nonces, and must not be able to fill
    /// one part alone.
    hasher: RandomState,
    /// How many fingerprints a part holds.
    room: usize,
}

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Never,
    /// It was received before.
    Received,
    /// This endpoint has sent it.
    Sent,
    /// It is so old that it may have been forgotten.
    Forgotten,
}

/// A few bytes for each message: what does not fit into the processor's caches costs most.
type Prints = HashSet<Known, BuildHasherDefault<Hashed>>;

/// A message that is known: 63 bits of its fingerprint's hash, under a random key, and where it came
/// from in the last.
///
/// With a million others remembered, one in 10^13 messages is taken for one of them.
#[derive(Debug, Clone, Copy)]
struct Known(u64);

impl Known {
    fn new(hash: u64, origin: Origin) -> Self {
        Self(hash & !1 | u64::from(origin == Origin::Sent))
    }

    fn seen(self) -> Seen {
        if self.0 & 1 == 0 { Seen::Received } else { Seen::Sent }
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.0 >> 1 == other.0 >> 1
    }
}

impl Eq for Known {}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 >> 1);
    }
}

/// The hash of what is a hash.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        // A map looks at the highest bits too, of which there are 63.
        self.0 << 1 | self.0 >> 62
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0 << 8 | u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Received,
    Sent,
}

#[derive(Debug, Default)]
struct Shard {
    /// Those that have a time, by second.
    timed: BTreeMap<u32, Prints>,
    /// How many those are.
    length: usize,
    /// The last second that was forgotten for want of room.
    floor: Option<u32>,
    /// Those without a time, the latest and those before.
    young: Prints,
    old: Prints,
}

impl ReplayCache {
    /// Makes a cache for so many messages.
    pub(crate) fn new(capacity: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { shards, hasher: RandomState::new(), room: capacity.div_ceil(SHARDS).max(1) }
    }

    /// Adds a message if it is not known. What is older than `oldest` is not needed any more.
    pub(crate) fn insert(&self, print: &Fingerprint, origin: Origin, oldest: u32) -> Seen {
        let hash = self.hasher.hash_one(u128::from_ne_bytes(print.key));
        let (known, mut shard) = (Known::new(hash, origin), self.shard(hash));
        match print.time {
            Some(time) => shard.insert_timed(known, time, oldest, self.room),
            None => shard.insert_untimed(known, self.room),
        }
    }

    /// Returns the part that a hash is in, by bits that maps do not look at.
    #[allow(clippy::cast_possible_truncation, reason = "some bits of a hash are a hash")]
    #[allow(clippy::indexing_slicing, reason = "the number is below that of the parts")]
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        // Nothing that runs under the lock can panic half-way.
        self.shards[(hash >> 40) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap();
            assert_eq!(shard.length, shard.timed.values().map(HashSet::len).sum::<usize>());
            shard.length + shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }
}

impl Shard {
    fn insert_timed(&mut self, known: Known, time: u32, oldest: u32, room: usize) -> Seen {
        while self.timed.first_key_value().is_some_and(|(&second, _)| second < oldest) {
            self.forget_second();
        }
        if self.floor.is_some_and(|floor| time <= floor) {
            return Seen::Forgotten;
        }
        if let Some(same) = self.timed.get(&time).and_then(|prints| prints.get(&known)) {
            return same.seen();
        }
        while self.length + self.young.len() + self.old.len() >= room {
            let Some(second) = self.forget_second() else {
                self.rotate();
                continue;
            };
            self.floor = Some(second);
            if time <= second {
                return Seen::Forgotten;
            }
        }
        self.timed.entry(time).or_default().insert(known);
        self.length += 1;
        Seen::Never
    }

    /// Forgets the messages of the oldest second.
    fn forget_second(&mut self) -> Option<u32> {
        let (second, prints) = self.timed.pop_first()?;
        self.length -= prints.len();
        Some(second)
    }

    fn insert_untimed(&mut self, known: Known, room: usize) -> Seen {
        if let Some(same) = self.young.get(&known).or_else(|| self.old.get(&known)) {
            return same.seen();
        }
        // Half of the room is for those with a time, which push nothing else out then.
        if self.young.len() >= room.div_ceil(4) {
            self.rotate();
        }
        while self.length + self.young.len() + self.old.len() >= room {
            match self.forget_second() {
                Some(second) => self.floor = Some(second),
                None => self.rotate(),
            }
        }
        self.young.insert(known);
        Seen::Never
    }

    fn rotate(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(number: u32) -> Fingerprint {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        key[12..].copy_from_slice(&number.wrapping_mul(0x9E37_79B9).to_be_bytes());
        Fingerprint { key, time: None, once: false }
    }

    #[test]
    fn what_was_received_or_sent_is_known_again() {
        let cache = ReplayCache::new(1_000);
        for message in [print(1), print(1).at(50)] {
            assert_eq!(cache.insert(&message, Origin::Received, 0), Seen::Never);
            assert_eq!(cache.insert(&message, Origin::Received, 0), Seen::Received);
        }
        for message in [print(2), print(2).at(50)] {
            assert_eq!(cache.insert(&message, Origin::Sent, 0), Seen::Never);
            assert_eq!(cache.insert(&message, Origin::Received, 0), Seen::Sent);
        }
        assert_eq!(cache.len(), 4);
    }

    #[test]
    fn none_of_many_is_taken_for_another() {
        let cache = ReplayCache::new(1_000_000);
        for number in 0..200_000 {
            let origin = if number % 2 == 0 { Origin::Received } else { Origin::Sent };
            assert_eq!(cache.insert(&print(number).at(7), origin, 0), Seen::Never);
        }
        for number in (0..200_000).rev() {
            let seen = if number % 2 == 0 { Seen::Received } else { Seen::Sent };
            assert_eq!(cache.insert(&print(number).at(7), Origin::Received, 0), seen);
        }
    }

    #[test]
    fn a_full_cache_narrows_its_window_and_never_opens_it() {
        let cache = ReplayCache::new(1_600);
        let mut seconds = 0..200_u32;
        let messages: Vec<_> = seconds
            .by_ref()
            .flat_map(|second| (0..50).map(move |n| print(second * 50 + n).at(1_000 + second)))
            .collect();
        for message in &messages {
            assert_eq!(cache.insert(message, Origin::Received, 0), Seen::Never);
            assert!(cache.len() <= 1_600);
        }
        let again = messages.iter().map(|message| cache.insert(message, Origin::Received, 0));
        let again: Vec<_> = again.collect();
        assert!(!again.contains(&Seen::Never), "none passes twice");
        assert!(again.iter().filter(|&&seen| seen == Seen::Received).count() > 1_000);
        assert_eq!(again.first(), Some(&Seen::Forgotten));
    }

    #[test]
    fn messages_without_a_time_are_forgotten_oldest_first() {
        let cache = ReplayCache::new(1_600);
        for number in 0..10_000 {
            cache.insert(&print(number), Origin::Received, 0);
            assert!(cache.len() <= 1_600);
        }
        let latest = (9_800..10_000).map(|n| cache.insert(&print(n), Origin::Received, 0));
        assert!(latest.into_iter().all(|seen| seen == Seen::Received));
        assert_eq!(cache.insert(&print(0), Origin::Received, 0), Seen::Never);
    }

    #[test]
    fn both_kinds_fit_into_one_room() {
        let cache = ReplayCache::new(320);
        for number in 0..5_000 {
            cache.insert(&print(number), Origin::Received, 0);
            cache.insert(&print(number).at(number), Origin::Received, 0);
            assert!(cache.len() <= 320);
        }
        let tiny = ReplayCache::new(1);
        for number in 0..100 {
            tiny.insert(&print(number).at(number / 2), Origin::Received, 0);
            tiny.insert(&print(number), Origin::Received, 0);
        }
        assert!(tiny.len() <= SHARDS);
    }

    #[test]
    fn chosen_fingerprints_spread_over_all_parts() {
        let cache = ReplayCache::new(1_600);
        for number in 0..10_000_u32 {
            let mut chosen = [7; 16];
            chosen[..4].copy_from_slice(&number.to_be_bytes());
            let print = Fingerprint { key: chosen, time: Some(number / 100), once: true };
            cache.insert(&print, Origin::Received, 0);
        }
        assert!(cache.len() > 1_000, "{}: they pushed each other out of one part", cache.len());
    }

    #[test]
    fn what_is_too_old_anyway_makes_room() {
        let cache = ReplayCache::new(1_000_000);
        for second in 0..1_000_u32 {
            for number in 0..16 {
                let message = print(second * 16 + number).at(second);
                cache.insert(&message, Origin::Received, second.saturating_sub(10));
            }
        }
        assert!(cache.len() < 16 * 40, "{}", cache.len());
        // Nothing was forgotten for want of room, so nothing is refused for it.
        assert_eq!(cache.insert(&print(u32::MAX).at(995), Origin::Received, 990), Seen::Never);
    }
}
