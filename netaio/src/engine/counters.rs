use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// How often each kind of thing has happened at an endpoint since it started.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($name: AtomicU64,)*
        }

        impl Counters {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> u64 {
                    self.$name.load(Relaxed)
                }
            )*
        }

        pub(crate) mod count {
            use super::*;
            $(
                pub(crate) fn $name(counters: &Counters) {
                    counters.$name.fetch_add(1, Relaxed);
                    #[cfg(feature = "metrics")]
                    metrics::counter!(concat!("netaio_", stringify!($name))).increment(1);
                }
            )*
        }
    };
}

counters! {
    /// Frames that were not messages: unknown types, fields or bodies that don't decode, wrong checksums.
    rejected,
    /// Messages whose auth failed in any layer.
    auth_failures,
    /// Checks of auth that were stopped, since they would have taken too much work.
    checks_stopped,
    /// Messages that passed auth and could not be decrypted; they are dropped without an answer.
    decrypt_failures,
    /// Messages that no handler matched.
    unhandled,
    /// Handlers that panicked.
    handler_panics,
    /// Handlers that exceeded their deadline.
    handler_timeouts,
    /// Replies that could not be sent as the handler gave them.
    failed_replies,
    /// Connections cut because they did not read what was sent to them.
    slow_consumers,
    /// Connections cut because a frame, or the first one, took too long.
    timeouts,
    /// Connections refused because the server was full.
    refused,
    /// Subscriptions refused because a limit was reached.
    subscriptions_refused,
    /// Peers refused: ids that belong to another, too many or too large ones.
    peers_refused,
    /// Replies of the library's own that were not sent, since datagrams may carry another's address:
    /// larger than the limit allows, or too many.
    replies_suppressed,
    /// Datagrams dropped because the send queue was full.
    datagrams_dropped,
    /// Requests that came again, byte for byte, and were answered as the first time.
    repeats_answered,
    /// Messages that came again.
    replays_seen,
    /// Messages whose time is too long ago.
    replays_stale,
    /// Messages whose time is of the future.
    replays_future,
    /// Messages that this endpoint has sent itself and that were sent back.
    replays_reflected,
    /// Log lines that were left out, since there were too many of their kind.
    log_suppressed,
    /// Connections refused because their source had as many as it may have.
    refused_by_source,
    /// Connections cut because too many had proved nothing, and they were the oldest of those.
    strangers_dropped,
    /// Connections cut because all together held too much memory, and they held most.
    budget_evictions,
    /// Failures to accept, such as for want of descriptors.
    accept_errors,
}
