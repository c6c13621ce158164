use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::{engine::Limits, handler::SubscribeError};

/// Someone who can subscribe.
pub(crate) trait Subscriber {
    /// What tells it from others: a connection's number, a sender's address.
    type Key: Hash + Eq + Clone + fmt::Debug;

    fn key(&self) -> Self::Key;
}

/// The subscriptions of an endpoint, by topic and by subscriber; both views always agree.
#[derive(Debug)]
pub(crate) struct Topics<S: Subscriber> {
    state: Mutex<State<S>>,
    max_per_subscriber: usize,
    /// How many bytes all of them may take.
    max_bytes: usize,
}

#[derive(Debug)]
struct State<S: Subscriber> {
    topics: HashMap<Bytes, Topic<S>>,
    /// What each subscriber has joined, so that its end costs only what it joined.
    joined: HashMap<S::Key, Joined>,
    /// What all that are joined take.
    bytes: usize,
}

/// Who has joined a topic.
#[derive(Debug)]
struct Topic<S: Subscriber> {
    subscribers: HashMap<S::Key, Arc<S>>,
    /// All of them, made anew when it is asked for after a change.
    list: Option<Arc<[Arc<S>]>>,
}

impl<S: Subscriber> Default for Topic<S> {
    fn default() -> Self {
        Self { subscribers: HashMap::new(), list: None }
    }
}

/// What one subscriber has joined.
#[derive(Debug, Default)]
struct Joined {
    topics: HashSet<Bytes>,
    /// The bytes of their keys.
    bytes: usize,
}

/// How many bytes the keys of one subscriber's subscriptions may have.
const MAX_BYTES_PER_SUBSCRIBER: usize = 256 * 1024;
/// What a subscription takes beside its key, and what a subscriber takes, as measured.
const OVERHEAD: usize = 128;
const SUBSCRIBER: usize = 512;

impl<S: Subscriber> Topics<S> {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { max_subscriptions, subscription_memory, .. } = *limits;
        let state = State { topics: HashMap::new(), joined: HashMap::new(), bytes: 0 };
        Self {
            state: Mutex::new(state),
            max_per_subscriber: max_subscriptions,
            max_bytes: subscription_memory,
        }
    }

    /// Adds a subscription; twice is the same as once.
    pub(crate) fn subscribe(
        &self,
        topic: &[u8],
        subscriber: &Arc<S>,
    ) -> Result<(), SubscribeError> {
        let key = subscriber.key();
        let mut state = self.state();
        let state = &mut *state;
        let joined = state.joined.get(&key);
        if joined.is_some_and(|joined| joined.topics.contains(topic)) {
            return Ok(());
        }
        let first = if joined.is_none() { SUBSCRIBER } else { 0 };
        let cost = topic.len() + OVERHEAD + first;
        let (count, bytes) = joined.map_or((0, 0), |joined| (joined.topics.len(), joined.bytes));
        if count >= self.max_per_subscriber
            || bytes + topic.len() > MAX_BYTES_PER_SUBSCRIBER
            || state.bytes + cost > self.max_bytes
        {
            return Err(SubscribeError::TooMany);
        }
        // What is kept must not keep the block that it was read into.
        let topic = Bytes::copy_from_slice(topic);
        let joined = state.joined.entry(key.clone()).or_default();
        joined.bytes += topic.len();
        state.bytes += cost;
        joined.topics.insert(topic.clone());
        let topic = state.topics.entry(topic).or_default();
        topic.subscribers.insert(key, Arc::clone(subscriber));
        topic.list = None;
        Ok(())
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&self, topic: &[u8], key: &S::Key) {
        let mut state = self.state();
        let Some(joined) = state.joined.get_mut(key) else { return };
        if joined.topics.remove(topic) {
            joined.bytes -= topic.len();
            if joined.topics.is_empty() {
                state.joined.remove(key);
                state.bytes -= SUBSCRIBER;
            }
            state.leave(topic, key);
        }
    }

    /// Ends all subscriptions of one subscriber.
    pub(crate) fn remove(&self, key: &S::Key) {
        let mut state = self.state();
        let Some(joined) = state.joined.remove(key) else { return };
        state.bytes -= SUBSCRIBER;
        for topic in joined.topics {
            state.leave(&topic, key);
        }
    }

    /// Returns the subscribers of a topic, as they are now.
    pub(crate) fn subscribers(&self, topic: &[u8]) -> Arc<[Arc<S>]> {
        let mut state = self.state();
        let Some(Topic { subscribers, list }) = state.topics.get_mut(topic) else {
            return Arc::default();
        };
        let list = list.get_or_insert_with(|| {
            let mut list: Arc<[_]> = subscribers.values().cloned().collect();
            // Their sockets, too, mostly lie in this order: going through them is faster than
            // jumping to and fro.
            Arc::make_mut(&mut list).sort_unstable_by_key(Arc::as_ptr);
            list
        });
        Arc::clone(list)
    }

    /// Returns every topic that has subscribers, with how many.
    pub(crate) fn counts(&self) -> HashMap<Bytes, usize> {
        let state = self.state();
        state.topics.iter().map(|(uri, topic)| (uri.clone(), topic.subscribers.len())).collect()
    }

    pub(crate) fn count(&self, topic: &[u8]) -> usize {
        self.state().topics.get(topic).map_or(0, |topic| topic.subscribers.len())
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> State<S> {
    fn leave(&mut self, uri: &[u8], key: &S::Key) {
        if let Some(topic) = self.topics.get_mut(uri) {
            self.bytes -= uri.len() + OVERHEAD;
            topic.subscribers.remove(key);
            topic.list = None;
            if topic.subscribers.is_empty() {
                self.topics.remove(uri);
                // What a flood has made large is handed back when it is over.
                if self.topics.len() < self.topics.capacity() / 8 {
                    self.topics.shrink_to(self.topics.len() * 2);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Id(u64);

    impl Subscriber for Id {
        type Key = u64;

        fn key(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn both_views_agree_after_any_departure() {
        let topics = Topics::new(&Limits::default().max_subscriptions(2));
        let (a, b) = (Arc::new(Id(1)), Arc::new(Id(2)));
        topics.subscribe(b"x", &a).unwrap();
        topics.subscribe(b"x", &a).unwrap();
        topics.subscribe(b"x", &b).unwrap();
        topics.subscribe(b"y", &a).unwrap();
        assert_eq!(topics.subscribe(b"z", &a), Err(SubscribeError::TooMany));
        assert_eq!(topics.count(b"x"), 2);

        topics.unsubscribe(b"x", &a.key());
        topics.unsubscribe(b"never joined", &a.key());
        assert_eq!(topics.count(b"x"), 1);
        topics.subscribe(b"z", &a).unwrap();

        topics.remove(&a.key());
        topics.remove(&b.key());
        let state = topics.state();
        assert!(state.topics.is_empty() && state.joined.is_empty(), "nothing is left behind");
        assert_eq!(state.bytes, 0);
    }

    #[test]
    fn m8_all_together_are_bounded_whoever_subscribes() {
        let limits = Limits::default().max_subscriptions(1);
        for (limits, bytes) in
            [(limits, 64 * 1024 * 1024), (limits.subscription_memory(10_000), 10_000)]
        {
            let topics = Topics::new(&limits);
            let subscribed = (0..u64::MAX)
                .take_while(|&number| topics.subscribe(b"topic", &Arc::new(Id(number))).is_ok());
            let subscribed = subscribed.count();
            assert_eq!(subscribed, bytes / ("topic".len() + OVERHEAD + SUBSCRIBER));
            assert_eq!(topics.count(b"topic"), subscribed);
            topics.remove(&0);
            topics.subscribe(b"topic", &Arc::new(Id(u64::MAX))).unwrap();
        }
    }

    #[test]
    fn m8_what_a_flood_has_made_large_is_handed_back() {
        let topics = Topics::new(&Limits::default().max_subscriptions(usize::MAX));
        let (flood, honest) = (Arc::new(Id(1)), Arc::new(Id(2)));
        topics.subscribe(b"honest", &honest).unwrap();
        for number in 0..5_000 {
            topics.subscribe(format!("{number}").as_bytes(), &flood).unwrap();
        }
        topics.remove(&1);
        assert!(topics.state().topics.capacity() < 100);
        assert_eq!(topics.count(b"honest"), 1);
    }

    #[test]
    fn m8_long_keys_are_bounded_too() {
        let topics = Topics::new(&Limits::default().max_subscriptions(usize::MAX));
        let a = Arc::new(Id(1));
        let key = |number: u8| Bytes::from(vec![number; 60_000]);
        for number in 0..4 {
            topics.subscribe(&key(number), &a).unwrap();
        }
        assert_eq!(topics.subscribe(&key(4), &a), Err(SubscribeError::TooMany));
        topics.unsubscribe(&key(0), &1);
        topics.subscribe(&key(4), &a).unwrap();
    }
}
