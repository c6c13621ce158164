use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Keeps a kind of log line to so many a second, whatever peers do.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    second: AtomicU64,
    lines: AtomicU32,
}

impl Throttle {
    /// Returns whether one more line may be written in this second.
    pub(crate) fn allows(&self, second: u64, rate: u32) -> bool {
        // Threads that meet here may write a line more; that does no harm.
        if self.second.swap(second, Relaxed) != second {
            self.lines.store(0, Relaxed);
        }
        self.lines.fetch_add(1, Relaxed) < rate
    }
}

/// The kinds of lines that peers can cause.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    pub(crate) replays: Throttle,
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
