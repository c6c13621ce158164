use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::{BuildHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::plugin::Fingerprint;

/// The parts of a cache, each with a lock of its own: threads seldom meet at one.
const SHARDS: usize = 16;

/// The messages that an endpoint has received and sent, by their fingerprints.
///
/// It is allocated as it fills. Maps are keyed with random seeds, since peers choose what is in
/// them.
#[derive(Debug)]
pub(crate) struct ReplayCache {
    shards: [Mutex<Shard>; SHARDS],
    /// Decides the part that a fingerprint is in: senders choose some of them, such as nonces, and
    /// must not be able to fill one part alone. Its seed is random, and nothing shows what it gives.
    hasher: foldhash::quality::RandomState,
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

type Prints = HashMap<Key, Origin>;

/// The bytes of a fingerprint; hashed as one number, without their count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key([u8; Fingerprint::LENGTH]);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(u128::from_ne_bytes(self.0));
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
        Self {
            shards,
            hasher: foldhash::quality::RandomState::default(),
            room: capacity.div_ceil(SHARDS).max(1),
        }
    }

    /// Adds a message if it is not known. What is older than `oldest` is not needed any more.
    pub(crate) fn insert(&self, print: &Fingerprint, origin: Origin, oldest: u32) -> Seen {
        let mut shard = self.shard(print);
        match print.time {
            Some(time) => shard.insert_timed(print, time, origin, oldest, self.room),
            None => shard.insert_untimed(print, origin, self.room),
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "some bits of a hash are a hash")]
    #[allow(clippy::indexing_slicing, reason = "the number is below that of the parts")]
    fn shard(&self, print: &Fingerprint) -> MutexGuard<'_, Shard> {
        let number = self.hasher.hash_one(Key(print.key)) as usize % SHARDS;
        // Nothing that runs under the lock can panic half-way.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap();
            assert_eq!(shard.length, shard.timed.values().map(HashMap::len).sum::<usize>());
            shard.length + shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(count).sum()
    }
}

impl Shard {
    fn insert_timed(
        &mut self,
        print: &Fingerprint,
        time: u32,
        origin: Origin,
        oldest: u32,
        room: usize,
    ) -> Seen {
        while self.timed.first_key_value().is_some_and(|(&second, _)| second < oldest) {
            self.forget_second();
        }
        if self.floor.is_some_and(|floor| time <= floor) {
            return Seen::Forgotten;
        }
        if self.length + self.young.len() + self.old.len() < room {
            return match self.timed.entry(time).or_default().entry(Key(print.key)) {
                Entry::Occupied(known) => (*known.get()).into(),
                Entry::Vacant(place) => {
                    place.insert(origin);
                    self.length += 1;
                    Seen::Never
                }
            };
        }
        if let Some(&known) = self.timed.get(&time).and_then(|prints| prints.get(&Key(print.key))) {
            return known.into();
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
        self.timed.entry(time).or_default().insert(Key(print.key), origin);
        self.length += 1;
        Seen::Never
    }

    /// Forgets the messages of the oldest second.
    fn forget_second(&mut self) -> Option<u32> {
        let (second, prints) = self.timed.pop_first()?;
        self.length -= prints.len();
        Some(second)
    }

    fn insert_untimed(&mut self, print: &Fingerprint, origin: Origin, room: usize) -> Seen {
        if let Some(&known) =
            self.young.get(&Key(print.key)).or_else(|| self.old.get(&Key(print.key)))
        {
            return known.into();
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
        self.young.insert(Key(print.key), origin);
        Seen::Never
    }

    fn rotate(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

impl From<Origin> for Seen {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Received => Self::Received,
            Origin::Sent => Self::Sent,
        }
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
