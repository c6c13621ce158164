use super::{Engine, count};
use crate::throttle::Throttle;

/// The kinds of lines that peers can cause.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    pub(crate) rejected: Throttle,
    pub(crate) auth: Throttle,
    pub(crate) decrypt: Throttle,
    pub(crate) replays: Throttle,
    pub(crate) handlers: Throttle,
    pub(crate) replies: Throttle,
    pub(crate) timeouts: Throttle,
    pub(crate) accepting: Throttle,
    pub(crate) refused: Throttle,
    pub(crate) cut: Throttle,
    pub(crate) subscriptions: Throttle,
    pub(crate) peers: Throttle,
    pub(crate) suppressed: Throttle,
    pub(crate) dropped: Throttle,
}

impl Engine {
    /// Returns whether a line of a kind may be written now.
    pub(crate) fn may_log(&self, kind: &Throttle) -> bool {
        let allowed = kind.allows(self.environment.unix_time(), self.limits.log_rate);
        if !allowed {
            count::log_suppressed(&self.counters);
        }
        allowed
    }
}

/// Logs what a peer has caused: as a warning as often as the endpoint allows for lines of this kind,
/// else at the level DEBUG.
macro_rules! warn_limited {
    ($engine:expr, $kind:ident, $($line:tt)+) => {
        if $engine.may_log(&$engine.throttles.$kind) {
            tracing::warn!($($line)+);
        } else {
            tracing::debug!($($line)+);
        }
    };
}
pub(crate) use warn_limited;
