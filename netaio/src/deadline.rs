use std::time::Duration;

use tokio::time::Instant;

/// What is longer is as good as for ever, and could not be added to an instant.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

/// Returns the moment after so long.
pub(crate) fn after(start: Instant, time: Duration) -> Instant {
    start + time.min(FOR_EVER)
}
