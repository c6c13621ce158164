//! What is measured beside the counters, for the recorder that the program has installed; nothing
//! without the feature `metrics`.

use crate::wire::MessageType;

/// Counts a message that passed the outer layer.
pub(crate) fn received(_message_type: MessageType) {
    #[cfg(feature = "metrics")]
    metrics::counter!("netaio_messages", "type" => _message_type.name()).increment(1);
}

/// Notes that a connection was made or has ended.
pub(crate) fn connections(_change: f64) {
    #[cfg(feature = "metrics")]
    metrics::gauge!("netaio_connections").increment(_change);
}

/// Measures how long a handler takes, from its call to its reply.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    #[cfg(feature = "metrics")]
    start: std::time::Instant,
}

impl Timer {
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(feature = "metrics")]
            start: std::time::Instant::now(),
        }
    }

    pub(crate) fn stop(self, _handler: &'static str) {
        #[cfg(feature = "metrics")]
        metrics::histogram!("netaio_handler_seconds", "handler" => _handler)
            .record(self.start.elapsed().as_secs_f64());
    }
}
