use std::{
    future::{Future, IntoFuture},
    net::SocketAddr,
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use super::UdpHandle;
use crate::{
    deadline,
    net::{
        call::{Request, RequestError, Response, request_options},
        client::TimedOutCall,
    },
    wire::{Message, MessageType},
};

/// A flood of copies would reach nobody sooner.
const LEAST_INTERVAL: Duration = Duration::from_millis(1);

/// A call over UDP that has not been sent; await it to send it and have its answer.
///
/// Datagrams get lost. A call that gets no answer fails with [`RequestError::TimedOut`], and may
/// have been handled all the same; [`retransmit`](Self::retransmit) sends it again meanwhile.
///
/// # Cancel safety
///
/// Dropped before it is done, the message may have been sent; its answer is discarded.
#[derive(Debug, Clone)]
#[must_use = "a call is sent when it is awaited"]
pub struct UdpCall {
    node: UdpHandle,
    to: SocketAddr,
    request: Request,
    again: Option<(u32, Duration)>,
}

impl UdpCall {
    pub(super) fn new(
        node: UdpHandle,
        to: SocketAddr,
        message_type: MessageType,
        uri: impl AsRef<[u8]>,
    ) -> Self {
        let request = Request::new(message_type, uri, node.layer.clone());
        Self { node, to, request, again: None }
    }

    request_options!();

    /// Sends the same datagram again while no answer has come: at most `times`, at this interval.
    /// The default is never, as in the original; the least interval is 1 ms.
    ///
    /// A node of ours repeats its answer instead of running the handler again, since the datagram
    /// has the same nonce. Without an auth layer it has none: then only REQUEST_URI, SUBSCRIBE_URI
    /// and UNSUBSCRIBE_URI are sent again, which do no harm twice. The original runs its handler
    /// each time.
    pub fn retransmit(mut self, times: u32, every: Duration) -> Self {
        self.again = Some((times, every.max(LEAST_INTERVAL)));
        self
    }

    async fn run(self) -> Result<Response, RequestError> {
        let Self { node, to, request, again } = self;
        let shared = &node.shared;
        if shared.stop.is_cancelled() {
            return Err(closed());
        }
        let after = request.timeout.unwrap_or(shared.timeout);
        let deadline = deadline::after(Instant::now(), after);
        if let Some(also) = request.also {
            shared.engine.router.learn(also);
        }
        let message = Message::new(request.message_type, &request.uri, &request.content)?;
        let frame = shared.sealing(&request.layer, message, Some(to)).run().await?;

        let calls = shared.calls_to(to);
        let _release = Release { node: &node, to };
        let (call, answered) = request.waiting(deadline);
        calls.add(call, |_| shared.send_to(to, frame.clone())).map_err(|(error, _)| error)?;

        let again = again.filter(|_| may_repeat(&node, &request));
        let answered = timeout_at(deadline, async {
            tokio::select! {
                answered = answered => answered.unwrap_or_else(|_| Err(closed())),
                never = repeat(&node, to, frame, again) => match never {},
            }
        });
        answered.await.unwrap_or_else(|_| {
            let (message_type, uri) = (request.message_type, Bytes::copy_from_slice(&request.uri));
            let call = TimedOutCall { server: to.into(), message_type, uri, after };
            tracing::debug!(%to, uri = %call.uri.escape_ascii(), "a call timed out");
            if let Some(hook) = &shared.on_timeout {
                hook(&call);
            }
            let hint = calls.take_hint().map(Box::new);
            Err(RequestError::TimedOut { uri: call.uri, after, hint })
        })
    }
}

fn closed() -> RequestError {
    RequestError::Closed { reason: "the node has stopped".into() }
}

/// Returns whether a datagram may be sent twice: with a nonce in it, or if nothing depends on it.
fn may_repeat(node: &UdpHandle, request: &Request) -> bool {
    use MessageType as T;
    let harmless = [T::RequestUri, T::SubscribeUri, T::UnsubscribeUri];
    harmless.contains(&request.message_type)
        || node.shared.engine.outer.auth_plugin().is_some()
        || request.layer.auth_plugin().is_some()
}

async fn repeat(
    node: &UdpHandle,
    to: SocketAddr,
    frame: Bytes,
    again: Option<(u32, Duration)>,
) -> std::convert::Infallible {
    let (times, every) = again.unwrap_or_default();
    for _ in 0..times {
        sleep(every).await;
        if let Err(error) = node.shared.send_to(to, frame.clone()) {
            tracing::debug!(%to, %error, "could not send again");
        }
    }
    std::future::pending().await
}

/// Forgets the place of the calls to an address when the last one ends, however it does.
struct Release<'a> {
    node: &'a UdpHandle,
    to: SocketAddr,
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.node.shared.release(self.to);
    }
}

impl IntoFuture for UdpCall {
    type Output = Result<Response, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
