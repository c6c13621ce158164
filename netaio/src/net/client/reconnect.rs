use std::{fmt, sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    ConnectError, ServerName,
    connection::{connect, resubscribe},
    shared::Shared,
};
use crate::net::driver::End;

/// A server that is gone is not asked for without a pause.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

/// How a client restores a lost connection; without it, it does not.
///
/// The pause before an attempt doubles from the first to the longest, and a random part of it is
/// left out, so that the clients of a restarted server do not all come at once. When a connection
/// is restored the client subscribes again to what it was subscribed to. Calls that waited when it
/// was lost have failed by then and are not sent again: only the application knows whether that is
/// safe.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use netaio::net::client::{Reconnect, ReconnectEvent};
///
/// let policy = Reconnect::new().attempts(5).first_pause(Duration::from_millis(200)).hook(|event| {
///     if let ReconnectEvent::Restored { server, attempt } = event {
///         println!("back at {server} after {attempt} attempts");
///     }
/// });
/// ```
#[derive(Clone)]
#[must_use]
#[doc(alias = "AutoReconnectTimeoutHandler")]
pub struct Reconnect {
    attempts: Option<u32>,
    first_pause: Duration,
    longest_pause: Duration,
    hook: Option<Hook>,
}

type Hook = Arc<dyn Fn(&ReconnectEvent) + Send + Sync>;

/// What happens to a connection that is to be restored.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReconnectEvent {
    /// It was lost.
    Lost {
        /// The server.
        server: ServerName,
        /// Why.
        reason: Arc<str>,
    },
    /// An attempt failed.
    Failed {
        /// The server.
        server: ServerName,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// Why.
        error: ConnectError,
    },
    /// It was restored, and subscriptions were renewed.
    Restored {
        /// The server.
        server: ServerName,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// The last attempt failed: the connection stays lost.
    GivenUp {
        /// The server.
        server: ServerName,
    },
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new()
    }
}

impl Reconnect {
    /// Makes a policy that tries for ever, pausing 0.5 s to 30 s.
    pub fn new() -> Self {
        Self {
            attempts: None,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
            hook: None,
        }
    }

    /// Sets after how many failed attempts it gives up; the default is never.
    #[doc(alias = "max_retries")]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Sets the longest pause before the first attempt; the default is 0.5 s, the least 1 ms.
    #[doc(alias = "delay")]
    pub fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause.max(LEAST_PAUSE);
        self
    }

    /// Sets the longest pause before any attempt; the default is 30 s, the least 1 ms.
    pub fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause.max(LEAST_PAUSE);
        self
    }

    /// Sets a function that is told what happens; it should not block.
    #[doc(alias = "on_reconnect")]
    pub fn hook(mut self, hook: impl Fn(&ReconnectEvent) + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Tries to restore a connection until it stands, nobody wants it, or the attempts are used up.
    pub(super) async fn restore(&self, shared: &Arc<Shared>, server: &ServerName, end: &End) {
        let server = server.clone();
        self.tell(&ReconnectEvent::Lost { server: server.clone(), reason: end.to_string().into() });
        let mut longest = self.first_pause;
        let mut attempt = 0;
        while self.attempts.is_none_or(|attempts| attempt < attempts) {
            attempt += 1;
            tokio::select! {
                () = shared.abandoned.cancelled() => return,
                () = sleep(self.pause(shared, longest)) => {}
            }
            if !shared.is_wanted(&server) {
                return;
            }
            // A connection starts in a task of its own, which may come here again: box it.
            match Box::pin(connect(shared, &server)).await {
                Ok(()) => {
                    resubscribe(shared, &server);
                    return self.tell(&ReconnectEvent::Restored { server, attempt });
                }
                Err(error) => {
                    self.tell(&ReconnectEvent::Failed { server: server.clone(), attempt, error });
                }
            }
            longest = longest.saturating_mul(2).min(self.longest_pause);
        }
        self.tell(&ReconnectEvent::GivenUp { server });
    }

    /// Returns between half of the longest pause and all of it.
    fn pause(&self, shared: &Shared, longest: Duration) -> Duration {
        let mut random = [0; 4];
        shared.engine.environment.fill_random(&mut random);
        let part = f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX);
        let half = longest / 2;
        half.saturating_add(half.mul_f64(part))
    }

    fn tell(&self, event: &ReconnectEvent) {
        match event {
            ReconnectEvent::Lost { server, reason } => {
                tracing::warn!(%server, %reason, "connection lost");
            }
            ReconnectEvent::Failed { server, attempt, error } => {
                tracing::debug!(%server, attempt, %error, "could not reconnect");
            }
            ReconnectEvent::Restored { server, attempt } => {
                tracing::info!(%server, attempt, "reconnected");
            }
            ReconnectEvent::GivenUp { server } => tracing::warn!(%server, "gave up to reconnect"),
        }
        if let Some(hook) = &self.hook {
            hook(event);
        }
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnect")
            .field("attempts", &self.attempts)
            .field("first_pause", &self.first_pause)
            .field("longest_pause", &self.longest_pause)
            .finish_non_exhaustive()
    }
}
