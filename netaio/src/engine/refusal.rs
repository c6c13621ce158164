//! Refusals are counted by their reasons and logged at a limited rate: whatever is tried, an
//! operator sees it, and nobody can fill the log.

use super::{Engine, HandlerFailure, ReadError, counters::count, throttle::warn_limited};
use crate::{
    peer::{PeerRefusal, Refused, RemoteAddr},
    plugin::{AuthFailure, CipherError, OpenError},
    wire::{AuthFieldsError, MessageType, packify::DecodeError},
};

impl Engine {
    /// Notes a frame that is not a message.
    pub(crate) fn note_unreadable(&self, error: &ReadError, remote: &RemoteAddr) {
        let count = match error {
            ReadError::UnknownType(_) => count::rejected_type,
            ReadError::AuthFields(AuthFieldsError::TooLong(_) | AuthFieldsError::TooMany(_)) => {
                count::rejected_auth_len
            }
            ReadError::AuthFields(AuthFieldsError::Twice) => count::rejected_canonical,
            ReadError::AuthFields(AuthFieldsError::Malformed(error)) => match error {
                DecodeError::TooDeep => count::rejected_depth,
                DecodeError::TooManyItems => count::rejected_items,
                DecodeError::Cut => count::rejected_length,
                _ => count::rejected_syntax,
            },
            ReadError::Frame(_) | ReadError::Body(_) => count::rejected_length,
            ReadError::Checksum(_) => count::rejected_checksum,
        };
        count(&self.counters);
        warn_limited!(self, rejected, %remote, %error, "refused a frame");
    }

    /// Notes a message that did not pass its outer layer, or the inner one of a handler or call.
    pub(crate) fn note_unopened(
        &self,
        message_type: MessageType,
        error: &OpenError,
        inner: bool,
        remote: &RemoteAddr,
    ) {
        match error {
            OpenError::Auth(failure) => self.note_failed(message_type, failure, inner, remote),
            OpenError::Cipher(error) => self.note_sealed(message_type, error, remote),
        }
    }

    /// Notes a message whose auth failed.
    pub(super) fn note_failed(
        &self,
        message_type: MessageType,
        failure: &AuthFailure,
        inner: bool,
        remote: &RemoteAddr,
    ) {
        let counters = &self.counters;
        match failure {
            AuthFailure::Missing(_) => count::auth_failures_missing(counters),
            AuthFailure::Malformed(_) => count::auth_failures_type(counters),
            AuthFailure::Mismatch => count::auth_failures_mismatch(counters),
            AuthFailure::Stale(_) => count::auth_failures_stale(counters),
            AuthFailure::Repeated => count::auth_failures_repeated(counters),
            AuthFailure::Reflected => count::auth_failures_reflected(counters),
            AuthFailure::Exhausted(_) => {
                count::auth_failures_exhausted(counters);
                count::checks_stopped(counters);
            }
            AuthFailure::Ignored(_) | AuthFailure::Other(_) => count::auth_failures_other(counters),
        }
        if inner {
            count::inner_auth_failures(counters);
        }
        warn_limited!(self, auth, %remote, %message_type, %failure, inner, "auth failed");
    }

    /// Notes a message that does not decrypt.
    pub(super) fn note_sealed(
        &self,
        message_type: MessageType,
        error: &CipherError,
        remote: &RemoteAddr,
    ) {
        let count = match error {
            CipherError::MissingField(_) | CipherError::MalformedField(_) => {
                count::decrypt_failures_field
            }
            CipherError::UnknownPeer | CipherError::BadPeerKey => count::decrypt_failures_key,
            _ => count::decrypt_failures_text,
        };
        count(&self.counters);
        warn_limited!(self, decrypt, %remote, %message_type, %error, "a message does not decrypt");
    }

    /// Notes a message that could cause answers without end, and gets none.
    pub(super) fn note_loop(&self, message_type: MessageType, remote: &RemoteAddr) {
        count::replies_suppressed_loop(&self.counters);
        warn_limited!(self, suppressed, %remote, %message_type, "gave no answer to an answer");
    }

    /// Notes that a message was refused, since too many handlers were running.
    pub(crate) fn note_busy(&self, remote: &RemoteAddr) {
        count::handlers_refused(&self.counters);
        warn_limited!(self, handlers, %remote, "refused a message: too many handlers are running");
    }

    /// Notes that the application did not take messages in time, so that the oldest had to go.
    pub(crate) fn note_missed(&self, remote: &RemoteAddr) {
        count::messages_dropped(&self.counters);
        warn_limited!(self, dropped, %remote, "dropped the oldest message that waits to be taken");
    }

    /// Notes a handler that gave no reply.
    pub(crate) fn note_handler(&self, failure: &HandlerFailure, handler: &str) {
        match failure {
            HandlerFailure::Panicked(panic) => {
                count::handler_panics(&self.counters);
                if self.may_log(&self.throttles.handlers) {
                    tracing::error!(handler, %panic, "handler panicked");
                }
            }
            HandlerFailure::TimedOut => {
                count::handler_timeouts(&self.counters);
                if self.may_log(&self.throttles.handlers) {
                    tracing::error!(handler, "handler exceeded its deadline");
                }
            }
        }
    }

    /// Notes a message of peer management that changed nothing.
    pub(super) fn note_peer(&self, refused: Refused, remote: &RemoteAddr) {
        let count = match refused {
            Refused::Table(PeerRefusal::Conflict) => count::peers_refused_conflict,
            Refused::Table(PeerRefusal::Full) => count::peers_refused_full,
            Refused::Table(PeerRefusal::TooLarge) => count::peers_refused_size,
            Refused::NotOwner => count::peers_refused_owner,
            Refused::Table(PeerRefusal::NoId) | Refused::NoPeer => count::peers_refused_syntax,
        };
        count(&self.counters);
        warn_limited!(self, peers, %remote, %refused, "refused a peer");
    }
}
