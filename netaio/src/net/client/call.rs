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

use super::{RequestError, Response, ServerName, TcpClient};
use crate::{
    handler::SendError,
    net::call::{Request, Waiting, request_options},
    wire::{Message, MessageType},
};

/// A call that has not been sent; await it to send it and have its answer.
///
/// What arrives is returned, error answers included: [`Response::ok`] tells them apart. The call
/// itself fails when no answer came in time, the connection ended, or it could not be sent. A layer
/// that takes its time to protect the message, such as by proof of work, does so before the time
/// of the answer starts.
///
/// Answers carry no number: they belong to calls by their uri, and for one uri by the order in which
/// the calls were sent. A call that gave up keeps its place for 10 s more, so that its late answer is
/// not taken for that of the next call to the same uri; an answer that comes later still is.
///
/// # Cancel safety
///
/// Dropped before it is done, the message may have been sent; its answer is taken off the
/// connection and discarded.
#[derive(Debug, Clone)]
#[must_use = "a call is sent when it is awaited"]
pub struct Call {
    client: TcpClient,
    request: Request,
    server: Option<ServerName>,
}

impl Call {
    pub(super) fn new(client: TcpClient, message_type: MessageType, uri: impl AsRef<[u8]>) -> Self {
        let request = Request::new(message_type, uri, client.layer.clone());
        Self { client, request, server: None }
    }

    request_options!();

    /// Sets the server it goes to, as it was named to
    /// [`connect`](super::TcpClientBuilder::connect).
    pub fn server(mut self, server: impl Into<ServerName>) -> Self {
        self.server = Some(server.into());
        self
    }

    async fn run(self) -> Result<Response, RequestError> {
        let Self { client, request, server } = self;
        let shared = &client.shared;
        let link = client.link(server.as_ref())?;
        let Request { message_type, uri, content, layer, timeout, also } = &request;
        shared.handlers.router().learn(*message_type);
        if let Some(also) = also {
            shared.handlers.router().learn(*also);
        }
        let frame = if shared.engine.takes_time(layer, *message_type) {
            link.sealing(layer, Message::new(*message_type, uri, content)?).run().await?
        } else {
            let mut frame = BytesMut::new();
            shared.engine.seal(layer, *message_type, uri, content, link.far(), &mut frame)?;
            frame.freeze()
        };

        let after = timeout.unwrap_or(shared.timeout);
        let deadline = Instant::now() + after;
        let answered = timeout_at(deadline, async {
            loop {
                let room = link.outbox.room();
                let (answer, answered) = oneshot::channel();
                let accepts = request.accepts();
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
            let (server, uri) = (link.name.clone(), request.uri.clone());
            let call = TimedOutCall { server, message_type: *message_type, uri, after };
            shared.timed_out(&call);
            Err(RequestError::TimedOut { uri: call.uri, after, hint: None })
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
