use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU8, Ordering::Relaxed},
};

/// How many bits are demanded, and how that rises with what is paid.
#[derive(Debug)]
pub(super) struct Demand {
    least: u8,
    most: u8,
    /// From how many stamps a second on more is demanded.
    rate: u32,
    bits: AtomicU8,
    count: Mutex<Count>,
}

/// The stamps that were paid in one second of the clock.
#[derive(Debug, Default)]
struct Count {
    second: u64,
    paid: u32,
}

impl Demand {
    pub(super) fn fixed(bits: u8) -> Self {
        Self { least: bits, most: bits, rate: u32::MAX, bits: bits.into(), count: Mutex::default() }
    }

    pub(super) fn rising(&self, rate: u32, most: u8) -> Self {
        Self { most: most.max(self.least), rate: rate.max(1), ..Self::fixed(self.least) }
    }

    pub(super) fn bits(&self) -> u8 {
        self.bits.load(Relaxed)
    }

    /// Counts a stamp that was good.
    pub(super) fn paid(&self, second: u64) {
        if self.most == self.least {
            return;
        }
        let mut count = self.count();
        let elapsed = second.saturating_sub(count.second);
        if elapsed > 0 {
            // It falls as slowly as it rose: a bit for each second that was quieter.
            let quiet = u8::try_from(elapsed).unwrap_or(u8::MAX);
            let wanted = self.wanted(if elapsed == 1 { count.paid } else { 0 });
            self.bits.store(wanted.max(self.bits().saturating_sub(quiet)), Relaxed);
            *count = Count { second, paid: 0 };
        }
        count.paid = count.paid.saturating_add(1);
        self.bits.fetch_max(self.wanted(count.paid), Relaxed);
    }

    /// Returns what is demanded at a rate: a bit more at it, and at each doubling of it.
    fn wanted(&self, paid: u32) -> u8 {
        let doublings = (paid / self.rate).checked_ilog2().map_or(0, |log| log + 1);
        let more = u8::try_from(doublings).unwrap_or(u8::MAX);
        self.least.saturating_add(more).min(self.most)
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        // Nothing that runs under the lock can panic half-way.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay(demand: &Demand, second: u64, stamps: u32) -> u8 {
        (0..stamps).for_each(|_| demand.paid(second));
        demand.bits()
    }

    #[test]
    fn a_fixed_demand_stays() {
        let demand = Demand::fixed(16);
        assert_eq!(pay(&demand, 1, 100_000), 16);
    }

    #[test]
    fn a_rising_one_follows_the_load_up_at_once_and_down_slowly() {
        let demand = Demand::fixed(16).rising(100, 20);
        assert_eq!(pay(&demand, 1, 99), 16);
        assert_eq!(pay(&demand, 1, 1), 17);
        assert_eq!(pay(&demand, 1, 100), 18);
        assert_eq!(pay(&demand, 1, 200), 19);
        assert_eq!(pay(&demand, 1, 100_000), 20, "and no further");
        assert_eq!(pay(&demand, 2, 100), 20);
        assert_eq!(pay(&demand, 3, 1), 19);
        assert_eq!(pay(&demand, 4, 1), 18);
        assert_eq!(pay(&demand, 100, 1), 16);
        // A clock that is set back changes nothing.
        assert_eq!(pay(&demand, 50, 1), 16);
    }
}
