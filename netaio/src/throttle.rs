use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::plugin::{Environment as _, System};

/// Keeps a kind of log line to so many a second, whatever peers do.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    second: AtomicU64,
    lines: AtomicU32,
}

impl Throttle {
    pub(crate) const fn new() -> Self {
        Self { second: AtomicU64::new(0), lines: AtomicU32::new(0) }
    }

    /// Returns whether one more line may be written in this second.
    pub(crate) fn allows(&self, second: u64, rate: u32) -> bool {
        // Threads that meet here may write a line more; that does no harm.
        if self.second.swap(second, Relaxed) != second {
            self.lines.store(0, Relaxed);
        }
        self.lines.fetch_add(1, Relaxed) < rate
    }

    /// Returns whether one more line may be written now, where no endpoint is at hand that has a
    /// clock and a limit of its own.
    pub(crate) fn allows_now(&self) -> bool {
        const RATE: u32 = 10;
        self.allows(System.unix_time(), RATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m10_a_kind_of_line_is_written_so_often_a_second() {
        let throttle = Throttle::default();
        let written = |second| (0..1_000).filter(|_| throttle.allows(second, 10)).count();
        assert_eq!(written(5), 10);
        assert_eq!(written(6), 10);
        assert_eq!(written(6), 0);
    }
}
