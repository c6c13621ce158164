use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::{RequestError, Response, ServerName, TcpClient, connection::Link};
use crate::{
    deadline,
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

    async fn run(&self) -> Result<Response, RequestError> {
        let Self { client, request, server } = self;
        let shared = &client.shared;
        let link = client.link(server.as_ref())?;
        let Request { message_type, uri, content, layer, timeout, also } = request;
        shared.handlers.router().learn(*message_type);
        if let Some(also) = also {
            shared.handlers.router().learn(*also);
        }
        let frame = if shared.engine.takes_time(layer, *message_type) {
            let message = Message::new(*message_type, uri, content)?;
            // What few calls come to is in memory only while it is needed.
            Box::pin(link.sealing(layer, message).run()).await?
        } else {
            let (engine, to) = (&shared.engine, link.far());
            frames::cut(|block| engine.seal(layer, *message_type, uri, content, to, block))?
        };

        let after = timeout.unwrap_or(shared.timeout);
        let deadline = deadline::after(Instant::now(), after);
        let (call, answered) = request.waiting(deadline);
        let queued = match link.calls.add(call, |is_alone| link.send_call(&frame, is_alone)) {
            Ok(()) => Ok(Ok(())),
            Err((error, call)) => {
                Box::pin(timeout_at(deadline, queue(&link, error, call, &frame))).await
            }
        };
        if let Ok(queued) = queued {
            queued?;
            // It is given up when its time is over.
            if let Ok(answer) = answered.await {
                return answer;
            }
        }
        let (server, uri) = (link.name.clone(), Bytes::copy_from_slice(&request.uri));
        let call = TimedOutCall { server, message_type: *message_type, uri, after };
        shared.timed_out(&call);
        Err(RequestError::TimedOut { uri: call.uri, after, hint: None })
    }
}

/// Adds a call that could not be sent to those that wait, and queues its frame, as soon as there is
/// room.
async fn queue(
    link: &Link,
    mut error: SendError,
    mut call: Waiting,
    frame: &Bytes,
) -> Result<(), RequestError> {
    let mut room = None;
    loop {
        match error {
            // Room that is made from now on is noticed, so it is tried once more before waiting.
            SendError::QueueFull => match room.take() {
                None => room = Some(Box::pin(link.outbox.room())),
                Some(room) => room.await,
            },
            SendError::Closed => return Err(link.closed()),
            error => return Err(error.into()),
        }
        match link.calls.add(call, |_| link.outbox.queue(frame.clone())) {
            Ok(()) => return Ok(()),
            Err(again) => (error, call) = again,
        }
    }
}

/// The frames of calls are cut off a block that each thread keeps: one allocation makes many.
mod frames {
    use std::cell::Cell;

    use bytes::{Bytes, BytesMut};

    const BLOCK: usize = 16 * 1024;
    /// The least room worth keeping.
    const ROOM: usize = 512;

    thread_local! {
        static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
    }

    pub(super) fn cut<E>(write: impl FnOnce(&mut BytesMut) -> Result<(), E>) -> Result<Bytes, E> {
        let mut block = SPARE.take();
        if block.capacity() < ROOM {
            block.reserve(BLOCK);
        }
        let written = write(&mut block);
        let frame = block.split().freeze();
        SPARE.set(block);
        written.map(|()| frame)
    }
}

impl IntoFuture for Call {
    type Output = Result<Response, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.run().await })
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
