//! What is measured beside the counters, for the recorder that the program has installed; nothing
//! without the feature `metrics`.
//!
//! Without a recorder a message costs no clock and no look-up of a metric: whether there is one is
//! looked at when a connection or node starts.

use crate::wire::MessageType;

#[cfg(feature = "metrics")]
mod recorder {
    use std::{
        sync::atomic::{AtomicBool, Ordering::Relaxed},
        time::Duration,
    };

    use crate::wire::MessageType;

    static INSTALLED: AtomicBool = AtomicBool::new(false);

    #[inline]
    pub(super) fn is_installed() -> bool {
        INSTALLED.load(Relaxed)
    }

    #[cold]
    pub(super) fn handled(handler: &'static str, time: Duration) {
        metrics::histogram!("netaio_handler_seconds", "handler" => handler)
            .record(time.as_secs_f64());
    }

    #[cold]
    pub(super) fn received(message_type: MessageType) {
        metrics::counter!("netaio_messages", "type" => message_type.name()).increment(1);
    }

    /// A number that tells when it is asked for: without a recorder nobody asks.
    pub(super) struct Telling(pub(super) f64);

    impl metrics::IntoF64 for Telling {
        fn into_f64(self) -> f64 {
            INSTALLED.store(true, Relaxed);
            self.0
        }
    }
}

/// Counts a message that passed the outer layer.
#[inline]
pub(crate) fn received(_message_type: MessageType) {
    #[cfg(feature = "metrics")]
    if recorder::is_installed() {
        recorder::received(_message_type);
    }
}

/// Notes that a connection was made or has ended; 0 only looks for a recorder.
pub(crate) fn connections(_change: f64) {
    #[cfg(feature = "metrics")]
    metrics::gauge!("netaio_connections").increment(recorder::Telling(_change));
}

/// Measures how long a handler takes, from its call to its reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    #[cfg(feature = "metrics")]
    start: Option<std::time::Instant>,
}

impl Timer {
    #[inline]
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "metrics")]
            start: recorder::is_installed().then(std::time::Instant::now),
        }
    }

    #[inline]
    pub(crate) fn stop(self, _handler: &'static str) {
        #[cfg(feature = "metrics")]
        if let Some(start) = self.start {
            recorder::handled(_handler, start.elapsed());
        }
    }
}
