//! Repetitions: messages that were captured and are sent again, or sent back.

mod cache;
mod policy;

pub(crate) use cache::ReplayCache;
use cache::{Origin, Seen};
pub use policy::{ReplayMode, ReplayPolicy};

use super::{Engine, Remote, count, throttle::warn_limited};
use crate::{
    plugin::{AuthFailure, Fingerprint, Watch},
    wire::MessageType,
};

/// Looks after one message on behalf of its endpoint.
pub(super) struct Watcher<'a> {
    engine: &'a Engine,
    seen: &'a ReplayCache,
    message_type: MessageType,
    /// The endpoint's clock, in Unix seconds.
    now: u32,
    /// Which layer it is that gives the fingerprints: two with one secret give the same.
    place: Place,
}

/// The place of a layer in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Outer,
    Inner,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        remote: Remote<'a>,
        message_type: MessageType,
        place: Place,
    ) -> Self {
        let now = u32::try_from(engine.environment.unix_time()).unwrap_or(u32::MAX);
        Self { engine, seen: remote.seen, message_type, now, place }
    }

    /// Goes on to another layer of the message.
    pub(super) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    fn policy(&self) -> &ReplayPolicy {
        &self.engine.limits.replay
    }

    /// Returns whether nobody looks at a message's fingerprint.
    fn is_off(&self, print: &Fingerprint) -> bool {
        self.policy().is_off() && !print.once
    }

    /// Returns by how many seconds a time is off, if that is more than the policy allows.
    fn offset(&self, print: &Fingerprint) -> Option<i64> {
        let offset = i64::from(print.time?) - i64::from(self.now);
        let policy = self.policy();
        (offset < -policy.past || offset > policy.future).then_some(offset)
    }

    fn insert(&self, print: &Fingerprint, origin: Origin) -> Seen {
        let past = u32::try_from(self.policy().past).unwrap_or(u32::MAX);
        let mut print = *print;
        if self.place == Place::Inner {
            print.key = print.key.map(|byte| !byte);
        }
        self.seen.insert(&print, origin, self.now.saturating_sub(past))
    }

    /// Counts a repetition, and refuses it if the policy says so.
    fn judge(&self, print: &Fingerprint, failure: AuthFailure) -> Result<(), AuthFailure> {
        let counters = &self.engine.counters;
        match failure {
            AuthFailure::Stale(offset) if offset > 0 => count::replays_future(counters),
            AuthFailure::Stale(_) => count::replays_stale(counters),
            AuthFailure::Reflected => count::replays_reflected(counters),
            _ => count::replays_seen(counters),
        }
        let (role, message_type) = (self.engine.role, self.message_type);
        if !print.once && !self.policy().refuses(message_type, role) {
            warn_limited!(self.engine, replays, %message_type, %failure, "a message was repeated, or its time is off");
            return Ok(());
        }
        warn_limited!(self.engine, replays, %message_type, %failure, "refused a repeated message, or a wrong clock");
        // What is checked before all else, and paid for by its sender, is not worth an answer.
        Err(if print.once { AuthFailure::Ignored(failure.to_string()) } else { failure })
    }
}

impl Watch for Watcher<'_> {
    fn sent(&self, print: &Fingerprint) {
        if !self.is_off(print) {
            self.insert(print, Origin::Sent);
        }
    }

    fn is_timely(&self, print: &Fingerprint) -> bool {
        self.is_off(print) || self.offset(print).is_none()
    }

    fn in_time(&self, print: &Fingerprint) -> Result<(), AuthFailure> {
        if self.is_off(print) {
            return Ok(());
        }
        match self.offset(print) {
            Some(offset) => self.judge(print, AuthFailure::Stale(offset)),
            None => Ok(()),
        }
    }

    fn received(&self, print: &Fingerprint) -> Result<(), AuthFailure> {
        // What is out of time was judged for that, and would only fill the memory.
        if self.is_off(print) || self.offset(print).is_some() {
            return Ok(());
        }
        match self.insert(print, Origin::Received) {
            Seen::Never => Ok(()),
            Seen::Received => self.judge(print, AuthFailure::Repeated),
            Seen::Sent => self.judge(print, AuthFailure::Reflected),
            Seen::Forgotten => {
                let age = print.time.map_or(0, |time| i64::from(time) - i64::from(self.now));
                self.judge(print, AuthFailure::Stale(age.min(0)))
            }
        }
    }
}
