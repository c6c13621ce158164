use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::Instant;

use crate::net::admission::source_of;

/// A reply of the library's own is at most this many times as long as what it answers.
const AMPLIFICATION: usize = 3;
/// How many replies of the library's own one source may cause in a second, and all together.
const PER_SOURCE: u32 = 10;
const IN_ALL: u32 = 200;

/// Keeps what the library answers by itself from being aimed at others: on UDP anybody can send in
/// another's name.
///
/// It counts in seconds, and only what nothing has proven the origin of.
#[derive(Debug)]
pub(super) struct Guard {
    second: Instant,
    all: u32,
    sources: HashMap<IpAddr, u32>,
}

impl Guard {
    pub(super) fn new() -> Self {
        Self { second: Instant::now(), all: 0, sources: HashMap::new() }
    }

    /// Returns whether an answer of `answer` bytes to `request` bytes may be sent, or why not.
    pub(super) fn check(
        &mut self,
        to: IpAddr,
        request: usize,
        answer: usize,
    ) -> Result<(), Suppressed> {
        if answer > request.saturating_mul(AMPLIFICATION) {
            return Err(Suppressed::Size);
        }
        let now = Instant::now();
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.all) = (now, 0);
            self.sources.clear();
        }
        if self.all >= IN_ALL {
            return Err(Suppressed::Rate);
        }
        let of_source = self.sources.entry(source_of(to)).or_default();
        if *of_source >= PER_SOURCE {
            return Err(Suppressed::Rate);
        }
        *of_source += 1;
        self.all += 1;
        Ok(())
    }
}

/// Why an answer is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suppressed {
    Size,
    Rate,
    Multicast,
    /// A handler's, to somebody who has proved nothing.
    Unverified,
}

/// How many requests are remembered, and for how long.
const REQUESTS: usize = 1_024;
const AGE: Duration = Duration::from_secs(5);
/// How many bytes the remembered answers may have.
const ANSWERS: usize = 1024 * 1024;

/// Remembers requests that change something, with their answers: one that comes again, byte for
/// byte, from the same address was sent again because the answer was lost.
///
/// A nonce makes each request another, so this is for messages that have one.
#[derive(Debug)]
pub(super) struct Repeats {
    hashers: [RandomState; 2],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A request's answer; `None` while its handler runs.
    answers: HashMap<Repeat, Option<Bytes>>,
    order: std::collections::VecDeque<(Instant, Repeat)>,
    bytes: usize,
}

/// What tells a request from all others: its sender, and a keyed hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Repeat {
    from: SocketAddr,
    hash: [u64; 2],
}

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Never,
    /// Its handler runs: the answer will come.
    Running,
    Answered(Bytes),
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self { hashers: [RandomState::new(), RandomState::new()], state: Mutex::default() }
    }

    pub(super) fn key(&self, from: SocketAddr, datagram: &[u8]) -> Repeat {
        Repeat { from, hash: self.hashers.each_ref().map(|hasher| hasher.hash_one(datagram)) }
    }

    pub(super) fn look_up(&self, repeat: &Repeat) -> Seen {
        let mut state = self.lock();
        state.expire();
        match state.answers.get(repeat) {
            None => Seen::Never,
            Some(None) => Seen::Running,
            Some(Some(answer)) => Seen::Answered(answer.clone()),
        }
    }

    /// Notes that a request's handler runs on.
    pub(super) fn running(&self, repeat: Repeat) {
        self.lock().insert(repeat, None);
    }

    /// Notes the answer to a request; an empty one stands for silence.
    pub(super) fn answered(&self, repeat: Repeat, answer: Bytes) {
        let mut state = self.lock();
        match state.answers.get_mut(&repeat) {
            Some(known) => {
                *known = Some(answer.clone());
                state.bytes += answer.len();
            }
            None => state.insert(repeat, Some(answer)),
        }
        state.expire();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insert(&mut self, repeat: Repeat, answer: Option<Bytes>) {
        self.bytes += answer.as_ref().map_or(0, Bytes::len);
        if self.answers.insert(repeat, answer).is_none() {
            self.order.push_back((Instant::now(), repeat));
        }
        self.expire();
    }

    /// Drops what is old, and the oldest of what is too much.
    fn expire(&mut self) {
        let now = Instant::now();
        while let Some(&(since, oldest)) = self.order.front() {
            let full = self.order.len() > REQUESTS || self.bytes > ANSWERS;
            if !full && now.duration_since(since) < AGE {
                break;
            }
            self.order.pop_front();
            if let Some(Some(answer)) = self.answers.remove(&oldest) {
                self.bytes -= answer.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn u2_what_strangers_cause_is_bounded_in_size_and_rate() {
        let mut guard = Guard::new();
        assert_eq!(guard.check(ip("192.0.2.1"), 30, 90), Ok(()));
        assert_eq!(guard.check(ip("192.0.2.1"), 30, 91), Err(Suppressed::Size));
        let sent = (0..100).filter(|_| guard.check(ip("192.0.2.2"), 30, 30).is_ok()).count();
        assert_eq!(sent, 10);
        // All of a /64 network is one source.
        let sent = (0..100u32)
            .filter(|host| guard.check(ip(&format!("2001:db8::{host:x}")), 30, 30).is_ok())
            .count();
        assert_eq!(sent, 10);
        let hosts = (0..250u8).map(|host| ip(&format!("198.51.100.{host}")));
        let answers: Vec<_> = hosts.map(|host| guard.check(host, 30, 30)).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 200 - 21);
        assert_eq!(answers.last(), Some(&Err(Suppressed::Rate)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(guard.check(ip("192.0.2.2"), 30, 30), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_repeated_request_is_known_for_a_while_from_the_same_sender() {
        let repeats = Repeats::new();
        let (from, other) = ("192.0.2.1:1".parse().unwrap(), "192.0.2.2:1".parse().unwrap());
        let repeat = repeats.key(from, b"request");
        assert_eq!(repeats.look_up(&repeat), Seen::Never);
        repeats.running(repeat);
        assert_eq!(repeats.look_up(&repeat), Seen::Running);
        repeats.answered(repeat, "answer".into());
        assert_eq!(repeats.look_up(&repeat), Seen::Answered("answer".into()));
        assert_eq!(repeats.look_up(&repeats.key(other, b"request")), Seen::Never);
        assert_eq!(repeats.look_up(&repeats.key(from, b"requesu")), Seen::Never);
        tokio::time::advance(AGE).await;
        assert_eq!(repeats.look_up(&repeat), Seen::Never);
        assert_eq!(repeats.lock().bytes, 0);
    }

    #[test]
    fn what_is_remembered_is_bounded_in_number_and_bytes() {
        let repeats = Repeats::new();
        let from = "192.0.2.1:1".parse().unwrap();
        let answer = Bytes::from(vec![0; 2_048]);
        for number in 0..5_000_u32 {
            repeats.answered(repeats.key(from, &number.to_be_bytes()), answer.clone());
        }
        let state = repeats.lock();
        assert!(state.bytes <= ANSWERS && state.order.len() <= REQUESTS);
        assert_eq!(state.answers.len(), state.order.len());
    }
}
