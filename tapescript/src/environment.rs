//! What a run takes from outside: the time and random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

/// The clock and the source of random bytes of a [`Machine`](crate::Machine).
pub trait Environment: Send + Sync {
    /// Seconds since 1970, UTC.
    fn now(&self) -> i64;

    /// Fills a buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The system's clock and random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// # Panics
    ///
    /// If the system has no random source.
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the system has a random source");
    }
}
