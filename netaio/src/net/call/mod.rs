//! Calls: messages that await an answer, over whatever network.

mod error;
mod response;
mod waiting;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::oneshot, time::Instant};

pub use error::RequestError;
pub use response::Response;
pub(in crate::net) use waiting::{Accepts, Answer, Calls, Order, Waiting, is_stranger_error};

use crate::{plugin::Layer, wire::MessageType};

/// What a call sends, and what may answer it.
#[derive(Debug, Clone)]
pub(in crate::net) struct Request {
    pub(in crate::net) message_type: MessageType,
    /// Shared with what waits for the answer.
    pub(in crate::net) uri: Arc<[u8]>,
    pub(in crate::net) content: Bytes,
    pub(in crate::net) layer: Layer,
    pub(in crate::net) timeout: Option<Duration>,
    pub(in crate::net) also: Option<MessageType>,
}

impl Request {
    pub(in crate::net) fn new(
        message_type: MessageType,
        uri: impl AsRef<[u8]>,
        layer: Layer,
    ) -> Self {
        let (uri, content) = (uri.as_ref().into(), Bytes::new());
        Self { message_type, uri, content, layer, timeout: None, also: None }
    }

    /// Makes what waits for the answer until `deadline`, and what the answer comes out of.
    pub(in crate::net) fn waiting(
        &self,
        deadline: Instant,
    ) -> (Waiting, oneshot::Receiver<Answer>) {
        let accepts = Accepts::new(self.message_type, self.also);
        Waiting::new(Arc::clone(&self.uri), accepts, self.layer.clone(), deadline)
    }
}

/// Writes the options that calls have on any network, for a struct with a `request`.
macro_rules! request_options {
    () => {
        /// Sets the content; the default is none.
        pub fn content(mut self, content: impl AsRef<[u8]>) -> Self {
            self.request.content = bytes::Bytes::copy_from_slice(content.as_ref());
            self
        }

        /// Sets how long to wait for the answer; the default is that of the client or node, 10 s.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.request.timeout = Some(timeout);
            self
        }

        /// Sets the inner auth plugin of this call.
        pub fn auth(mut self, plugin: impl $crate::plugin::AuthPlugin) -> Self {
            self.request.layer = self.request.layer.auth(plugin);
            self
        }

        /// Sets the inner cipher of this call.
        pub fn cipher(mut self, plugin: impl $crate::plugin::CipherPlugin) -> Self {
            self.request.layer = self.request.layer.cipher(plugin);
            self
        }

        /// Accepts an answer of one more type, such as a custom one.
        ///
        /// Without it REQUEST_URI is answered by RESPOND_URI, SUBSCRIBE_URI and UNSUBSCRIBE_URI by
        /// their confirmations, all else by OK; and everything by the error types.
        pub fn accept(mut self, answer: impl Into<$crate::MessageType>) -> Self {
            self.request.also = Some(answer.into());
            self
        }
    };
}
pub(in crate::net) use request_options;
