use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::sync::Notify;

/// What a recorder has as a gauge, of all endpoints together.
#[cfg(feature = "metrics")]
const GAUGE: &str = "netaio_budget_bytes";

/// The bytes that all connections of an endpoint may hold together: unfinished frames, and what
/// waits to be sent.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    limit: usize,
    /// Told when more is used than is allowed.
    exceeded: Notify,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), limit, exceeded: Notify::new() })
    }

    /// Returns by how many bytes it is exceeded.
    pub(crate) fn excess(&self) -> usize {
        self.used.load(Relaxed).saturating_sub(self.limit)
    }

    /// Returns how many bytes are held.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Waits until it is exceeded.
    pub(crate) async fn exceeded(&self) {
        self.exceeded.notified().await;
    }
}

/// What one connection holds of a budget; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Account {
    budget: Arc<Budget>,
    held: AtomicUsize,
}

impl Account {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), held: AtomicUsize::new(0) }
    }

    pub(crate) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        let used = self.budget.used.fetch_add(bytes, Relaxed).saturating_add(bytes);
        #[cfg(feature = "metrics")]
        metrics::gauge!(GAUGE).increment(bytes as f64);
        if used > self.budget.limit {
            self.budget.exceeded.notify_one();
        }
    }

    pub(crate) fn sub(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
        self.budget.used.fetch_sub(bytes, Relaxed);
        #[cfg(feature = "metrics")]
        metrics::gauge!(GAUGE).decrement(bytes as f64);
    }

    /// Changes what one part of the connection holds.
    pub(crate) fn set(&self, part: &mut usize, bytes: usize) {
        if bytes > *part {
            self.add(bytes - *part);
        } else if bytes < *part {
            self.sub(*part - bytes);
        }
        *part = bytes;
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.sub(self.held());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn m4_accounts_share_a_budget_and_give_back_what_they_held() {
        let budget = Budget::new(100);
        let (one, other) = (Account::new(&budget), Account::new(&budget));
        let mut part = 0;
        one.set(&mut part, 60);
        other.add(30);
        assert_eq!((budget.excess(), one.held(), other.held()), (0, 60, 30));
        one.set(&mut part, 90);
        assert_eq!(budget.excess(), 20);
        budget.exceeded().await;
        one.set(&mut part, 10);
        other.sub(30);
        assert_eq!(budget.excess(), 0);
        drop((one, other));
        assert_eq!(budget.used.load(Relaxed), 0);
    }
}
