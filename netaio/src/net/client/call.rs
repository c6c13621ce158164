use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::{
    RequestError, Response, ServerName, TcpClient,
    calls::{Accepts, Waiting},
};
use crate::{
    handler::SendError,
    plugin::{AuthPlugin, CipherPlugin, Layer},
    wire::MessageType,
};

/// A call that has not been sent; await it to send it and have its answer.
///
/// What arrives is returned, error answers included: [`Response::ok`] tells them apart. The call
/// itself fails when no answer came in time, the connection ended, or it could not be sent.
///
/// # Cancel safety
///
/// Dropped before it is done, the message may have been sent; its answer is taken off the
/// connection and discarded.
#[derive(Debug, Clone)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call {
    client: TcpClient,
    message_type: MessageType,
    uri: Bytes,
    content: Bytes,
    layer: Layer,
    server: Option<ServerName>,
    timeout: Option<Duration>,
    also: Option<MessageType>,
}

impl Call {
    pub(super) fn new(client: TcpClient, message_type: MessageType, uri: Bytes) -> Self {
        Self {
            layer: client.layer.clone(),
            client,
            message_type,
            uri,
            content: Bytes::new(),
            server: None,
            timeout: None,
            also: None,
        }
    }

    /// Sets the content; the default is none.
    pub fn content(mut self, content: impl AsRef<[u8]>) -> Self {
        self.content = Bytes::copy_from_slice(content.as_ref());
        self
    }

    /// Sets how long to wait for the answer; the default is what the client was built with, 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the inner auth plugin of this call.
    pub fn auth(mut self, plugin: impl AuthPlugin) -> Self {
        self.layer = self.layer.auth(plugin);
        self
    }

    /// Sets the inner cipher of this call.
    pub fn cipher(mut self, plugin: impl CipherPlugin) -> Self {
        self.layer = self.layer.cipher(plugin);
        self
    }

    /// Sets the server it goes to, as it was named to
    /// [`connect`](super::TcpClientBuilder::connect).
    pub fn server(mut self, server: impl Into<ServerName>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// Accepts an answer of one more type, such as a custom one.
    ///
    /// Without it REQUEST_URI is answered by RESPOND_URI, SUBSCRIBE_URI and UNSUBSCRIBE_URI by
    /// their confirmations, all else by OK; and everything by the error types.
    pub fn accept(mut self, answer: impl Into<MessageType>) -> Self {
        self.also = Some(answer.into());
        self
    }

    async fn run(self) -> Result<Response, RequestError> {
        let Self { client, message_type, uri, content, layer, server, timeout, also } = self;
        let shared = &client.shared;
        let link = client.link(server.as_ref())?;
        shared.handlers.router().learn(message_type);
        if let Some(also) = also {
            shared.handlers.router().learn(also);
        }
        let mut frame = BytesMut::new();
        shared.engine.seal(&layer, message_type, &uri, &content, None, &mut frame)?;
        let frame = frame.freeze();

        let after = timeout.unwrap_or(shared.timeout);
        let deadline = Instant::now() + after;
        let answered = timeout_at(deadline, async {
            loop {
                let room = link.outbox.room();
                let (answer, answered) = oneshot::channel();
                let accepts = Accepts::new(message_type, also);
                let (uri, layer) = (uri.clone(), layer.clone());
                let call = Waiting { uri, accepts, layer, answer, deadline };
                match link.calls.add(call, || link.outbox.push(frame.clone())) {
                    Ok(()) => break answered.await.unwrap_or_else(|_| Err(link.closed())),
                    Err(SendError::QueueFull) => room.await,
                    Err(SendError::Closed) => break Err(link.closed()),
                    Err(error) => break Err(error.into()),
                }
            }
        })
        .await;
        answered.unwrap_or_else(|_| {
            let call = TimedOutCall { server: link.name.clone(), message_type, uri, after };
            shared.timed_out(&call);
            Err(RequestError::TimedOut { uri: call.uri, after })
        })
    }
}

impl IntoFuture for Call {
    type Output = Result<Response, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A call whose answer did not come in time, as the client's time-out hook sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "TimeoutContext")]
pub struct TimedOutCall {
    /// The server it was sent to.
    pub server: ServerName,
    /// Its type.
    pub message_type: MessageType,
    /// Its uri.
    pub uri: Bytes,
    /// How long it waited.
    pub after: Duration,
}
