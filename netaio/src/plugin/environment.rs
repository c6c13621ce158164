use std::{cell::RefCell, fmt};

/// The outside world that plugins depend on: the clock and the source of randomness.
///
/// Both enter as arguments, so that tests control them. [`System`] is the real one.
pub trait Environment: fmt::Debug + Send + Sync {
    /// Returns the time in whole seconds since the Unix epoch.
    fn unix_time(&self) -> u64;

    /// Fills `bytes` with random bytes fit for keys and nonces.
    fn fill_random(&self, bytes: &mut [u8]);
}

/// The system's clock and the operating system's random generator.
///
/// Random bytes are fetched 512 at a time per thread, each is used once: a system call for every
/// nonce would cost more than the rest of a small message.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

const POOL_SIZE: usize = 512;

struct Pool {
    bytes: [u8; POOL_SIZE],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_SIZE], used: POOL_SIZE }) };
}

impl Environment for System {
    fn unix_time(&self) -> u64 {
        // A clock before 1970 reads as 0, which every peer refuses as stale.
        unix_seconds().try_into().unwrap_or(0)
    }

    /// # Panics
    ///
    /// Panics when the operating system has no randomness to give: no message can be protected
    /// then, and a predictable nonce would be worse than a stop.
    fn fill_random(&self, bytes: &mut [u8]) {
        POOL.with_borrow_mut(|pool| pool.fill(bytes));
    }
}

impl Pool {
    fn fill(&mut self, out: &mut [u8]) {
        if out.len() > POOL_SIZE - self.used {
            if out.len() > POOL_SIZE {
                return system_random(out);
            }
            system_random(&mut self.bytes);
            self.used = 0;
        }
        let (_, unused) = self.bytes.split_at_mut(self.used);
        let (fresh, _) = unused.split_at_mut(out.len());
        out.copy_from_slice(fresh);
        // What was handed out must not be found in memory later.
        fresh.fill(0);
        self.used += out.len();
    }
}

/// Asks for the time of the last tick, some milliseconds ago, which costs next to nothing.
#[cfg(target_os = "linux")]
fn unix_seconds() -> i64 {
    rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse).tv_sec
}

#[cfg(not(target_os = "linux"))]
fn unix_seconds() -> u64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

fn system_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system's random generator works");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_system() {
        let before = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let now = System.unix_time();
        let after = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        // The tick may have come before the second.
        assert!((before - 1..=after).contains(&now), "{before} {now} {after}");
    }

    #[test]
    fn random_bytes_are_never_handed_out_twice() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            let mut nonce = [0; 16];
            System.fill_random(&mut nonce);
            assert!(seen.insert(nonce));
        }
        let mut large = [0; 2_000];
        System.fill_random(&mut large);
        assert!(large.iter().any(|&byte| byte != 0));
    }
}
