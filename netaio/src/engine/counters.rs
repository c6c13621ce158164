use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Writes the counters: those that stand alone, and those that are told apart by a reason, which
/// have a sum. For the recorder the reason is a label.
macro_rules! counters {
    (
        alone { $($(#[$doc:meta])* $name:ident),* $(,)? }
        by_reason {
            $($(#[$sum_doc:meta])* $sum:ident {
                $($(#[$part_doc:meta])* $part:ident = $reason:literal),* $(,)?
            })*
        }
    ) => {
        /// How often each kind of thing has happened at an endpoint since it started.
        ///
        /// What is counted by its reason has a sum, such as [`rejected`](Self::rejected), and a
        /// counter for each reason, such as [`rejected_depth`](Self::rejected_depth). See
        /// [`observability`](crate::observability) for what each means for an operator.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($name: AtomicU64,)*
            $($($part: AtomicU64,)*)*
        }

        impl Counters {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> u64 {
                    self.$name.load(Relaxed)
                }
            )*
            $(
                $(#[$sum_doc])*
                #[must_use]
                pub fn $sum(&self) -> u64 {
                    [$(&self.$part),*].iter().map(|part| part.load(Relaxed)).sum()
                }
                $(
                    $(#[$part_doc])*
                    #[must_use]
                    pub fn $part(&self) -> u64 {
                        self.$part.load(Relaxed)
                    }
                )*
            )*

            /// Returns every counter with its name, sums aside: for reports.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
                let all = [
                    $((stringify!($name), &self.$name),)*
                    $($((stringify!($part), &self.$part),)*)*
                ];
                all.into_iter().map(|(name, counter)| (name, counter.load(Relaxed)))
            }
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
            $($(
                pub(crate) fn $part(counters: &Counters) {
                    counters.$part.fetch_add(1, Relaxed);
                    #[cfg(feature = "metrics")]
                    metrics::counter!(concat!("netaio_", stringify!($sum)), "reason" => $reason)
                        .increment(1);
                }
            )*)*
        }
    };
}

counters! {
    alone {
        /// Messages whose auth failed in the layer of a handler; they are among the
        /// [`auth_failures`](Self::auth_failures) too.
        inner_auth_failures,
        /// Checks of auth that were stopped, since they would have taken too much work; they are
        /// among the [`auth_failures`](Self::auth_failures) too.
        checks_stopped,
        /// One-time handlers that were kept, since the message for them failed their own layer.
        once_preserved,
        /// Messages that no handler matched.
        unhandled,
        /// Messages refused because too many handlers were running.
        handlers_refused,
        /// Handlers that panicked.
        handler_panics,
        /// Handlers that exceeded their deadline.
        handler_timeouts,
        /// Replies that could not be sent as the handler gave them.
        failed_replies,
        /// Connections cut because they did not read what was sent to them.
        slow_consumers,
        /// Connections cut because too many had proved nothing, and they were the oldest of those.
        strangers_dropped,
        /// Connections cut because all together held too much memory, and they held most.
        budget_evictions,
        /// Subscriptions refused because a limit was reached.
        subscriptions_refused,
        /// Messages that the application did not take in time, and that made room for newer ones.
        messages_dropped,
        /// Datagrams dropped because the send queue was full.
        datagrams_dropped,
        /// Datagrams of the library's own with more than 1,200 bytes, which some networks lose: the
        /// local peer's data is large.
        datagrams_oversize,
        /// Requests that came again, byte for byte, and were answered as the first time.
        repeats_answered,
        /// Log lines that were left out, since there were too many of their kind.
        log_suppressed,
    }
    by_reason {
        /// Frames that were not messages.
        rejected {
            /// Their type is unknown.
            rejected_type = "type",
            /// Their auth fields are too long, or too many.
            rejected_auth_len = "auth_len",
            /// Their auth fields nest too deep.
            rejected_depth = "depth",
            /// Their auth fields have too many items.
            rejected_items = "items",
            /// Their auth fields name one field twice.
            rejected_canonical = "canonical",
            /// A length in them exceeds what is there.
            rejected_length = "length",
            /// Their auth fields are otherwise malformed.
            rejected_syntax = "syntax",
            /// Their checksum does not fit.
            rejected_checksum = "checksum",
        }
        /// Messages whose auth failed in any layer.
        auth_failures {
            /// A field is missing.
            auth_failures_missing = "missing",
            /// A field has the wrong type or size.
            auth_failures_type = "type",
            /// The proof does not match the message.
            auth_failures_mismatch = "mismatch",
            /// Their time is off, and they were refused for it.
            auth_failures_stale = "stale",
            /// They came before, and were refused for it.
            auth_failures_repeated = "repeated",
            /// They are this endpoint's own, and were refused for it.
            auth_failures_reflected = "reflected",
            /// Their check was stopped, since it would have taken too much work.
            auth_failures_exhausted = "exhausted",
            /// Any other cause, in the plugin's words.
            auth_failures_other = "other",
        }
        /// Messages that passed auth and could not be decrypted; they are dropped without an
        /// answer.
        decrypt_failures {
            /// A field that the cipher needs is missing, or has the wrong type or size.
            decrypt_failures_field = "field",
            /// The peer's key is unknown, or can't be used.
            decrypt_failures_key = "key",
            /// The sealed text does not open, or what came out is not a message.
            decrypt_failures_text = "text",
        }
        /// Messages that came again, or whose time is off: refused, or only counted, as
        /// [`ReplayPolicy`](crate::ReplayPolicy) says.
        replays {
            /// They came before.
            replays_seen = "seen",
            /// Their time is too long ago.
            replays_stale = "stale",
            /// Their time is of the future.
            replays_future = "future",
            /// This endpoint has sent them itself.
            replays_reflected = "reflected",
        }
        /// Connections cut because something took too long.
        timeouts {
            /// No message came in time on a new connection.
            timeouts_first_frame = "first_frame",
            /// A message took too long from its first byte to its last.
            timeouts_frame = "frame",
            /// They did not read for too long.
            timeouts_write = "write",
            /// They were silent for too long.
            timeouts_idle = "idle",
            /// The other end was gone: it acknowledged nothing any more, probes included.
            timeouts_keepalive = "keepalive",
        }
        /// Connections refused at once.
        refused {
            /// The server had as many as it may have.
            refused_full = "full",
            /// Their source had as many as it may have.
            refused_source = "source",
        }
        /// Failures to accept a connection.
        accept_errors {
            /// The listener failed, such as for want of descriptors.
            accept_errors_listener = "listener",
            /// The connection failed before it was accepted, such as in its TLS handshake.
            accept_errors_connection = "connection",
        }
        /// Peers refused, and leaves that were not theirs to take.
        peers_refused {
            /// The id belongs to another.
            peers_refused_conflict = "conflict",
            /// A DISCONNECT did not come from the peer that it names.
            peers_refused_owner = "owner",
            /// The table, or what one source may put into it, is full.
            peers_refused_full = "full",
            /// The id and data are too large.
            peers_refused_size = "size",
            /// What was sent is no peer, or none that the application accepts.
            peers_refused_syntax = "syntax",
        }
        /// Replies over UDP that were not sent, since datagrams may carry another's address.
        replies_suppressed {
            /// They would have answered an answer, and so on for ever.
            replies_suppressed_loop = "loop",
            /// They were larger than the library's own may be.
            replies_suppressed_size = "size",
            /// They were more than the library's own may be.
            replies_suppressed_rate = "rate",
            /// They would have answered a multicast.
            replies_suppressed_multicast = "multicast",
            /// They were a handler's, to somebody who has proved nothing.
            replies_suppressed_unverified = "unverified",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_that_of_its_reasons_and_all_are_listed() {
        let counters = Counters::default();
        count::rejected_depth(&counters);
        count::rejected_depth(&counters);
        count::rejected_type(&counters);
        count::unhandled(&counters);
        assert_eq!((counters.rejected(), counters.rejected_depth()), (3, 2));
        let listed: Vec<_> = counters.iter().filter(|&(_, count)| count > 0).collect();
        assert_eq!(listed, [("unhandled", 1), ("rejected_type", 1), ("rejected_depth", 2)]);
    }
}
