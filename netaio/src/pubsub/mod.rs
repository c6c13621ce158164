//! Who is subscribed to what, and what waits to be sent to each.
//!
//! Publishing never waits for a subscriber: a message is queued to each one's own bounded queue,
//! and sent at once as far as the subscriber takes it. One whose queue overflows is cut.

mod outbox;
mod topics;

pub(crate) use outbox::{Outbox, Phase, Pushed, Wakeup, Writer};
pub(crate) use topics::{Subscriber, Topics};
