//! Who is subscribed to what, and what waits to be sent to each.
//!
//! Publishing never waits for a subscriber: a message is queued to each one's own bounded queue,
//! and one whose queue overflows is cut.

mod outbox;
mod topics;

pub(crate) use outbox::{Outbox, Phase, Wakeup};
pub(crate) use topics::{Subscriber, Topics};
