use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::handler::{ConnectionId, SubscribeError};

/// Someone who can subscribe.
pub(crate) trait Subscriber {
    fn id(&self) -> ConnectionId;
}

/// The subscriptions of an endpoint, by topic and by subscriber; both views always agree.
#[derive(Debug)]
pub(crate) struct Topics<S> {
    state: Mutex<State<S>>,
    max_per_subscriber: usize,
}

#[derive(Debug)]
struct State<S> {
    topics: HashMap<Bytes, HashMap<ConnectionId, Arc<S>>>,
    /// What each subscriber has joined, so that its end costs only what it joined.
    joined: HashMap<ConnectionId, HashSet<Bytes>>,
}

impl<S: Subscriber> Topics<S> {
    pub(crate) fn new(max_per_subscriber: usize) -> Self {
        let state = State { topics: HashMap::new(), joined: HashMap::new() };
        Self { state: Mutex::new(state), max_per_subscriber }
    }

    /// Adds a subscription; twice is the same as once.
    pub(crate) fn subscribe(
        &self,
        topic: Bytes,
        subscriber: &Arc<S>,
    ) -> Result<(), SubscribeError> {
        let id = subscriber.id();
        let mut state = self.state();
        let joined = state.joined.entry(id).or_default();
        if joined.contains(&topic) {
            return Ok(());
        }
        if joined.len() >= self.max_per_subscriber {
            return Err(SubscribeError::TooMany);
        }
        joined.insert(topic.clone());
        state.topics.entry(topic).or_default().insert(id, Arc::clone(subscriber));
        Ok(())
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&self, topic: &[u8], id: ConnectionId) {
        let mut state = self.state();
        if let Some(joined) = state.joined.get_mut(&id) {
            joined.remove(topic);
            if joined.is_empty() {
                state.joined.remove(&id);
            }
        }
        state.leave(topic, id);
    }

    /// Ends all subscriptions of one subscriber.
    pub(crate) fn remove(&self, id: ConnectionId) {
        let mut state = self.state();
        for topic in state.joined.remove(&id).unwrap_or_default() {
            state.leave(&topic, id);
        }
    }

    /// Returns the subscribers of a topic, as they are now.
    pub(crate) fn subscribers(&self, topic: &[u8]) -> Vec<Arc<S>> {
        let state = self.state();
        state.topics.get(topic).map_or_else(Vec::new, |ids| ids.values().cloned().collect())
    }

    pub(crate) fn count(&self, topic: &[u8]) -> usize {
        self.state().topics.get(topic).map_or(0, HashMap::len)
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> State<S> {
    fn leave(&mut self, topic: &[u8], id: ConnectionId) {
        if let Some(ids) = self.topics.get_mut(topic) {
            ids.remove(&id);
            if ids.is_empty() {
                self.topics.remove(topic);
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
        fn id(&self) -> ConnectionId {
            ConnectionId(self.0)
        }
    }

    #[test]
    fn both_views_agree_after_any_departure() {
        let topics = Topics::new(2);
        let (a, b) = (Arc::new(Id(1)), Arc::new(Id(2)));
        topics.subscribe("x".into(), &a).unwrap();
        topics.subscribe("x".into(), &a).unwrap();
        topics.subscribe("x".into(), &b).unwrap();
        topics.subscribe("y".into(), &a).unwrap();
        assert_eq!(topics.subscribe("z".into(), &a), Err(SubscribeError::TooMany));
        assert_eq!(topics.count(b"x"), 2);

        topics.unsubscribe(b"x", a.id());
        topics.unsubscribe(b"never joined", a.id());
        assert_eq!(topics.count(b"x"), 1);
        topics.subscribe("z".into(), &a).unwrap();

        topics.remove(a.id());
        topics.remove(b.id());
        let state = topics.state();
        assert!(state.topics.is_empty() && state.joined.is_empty(), "nothing is left behind");
    }
}
