use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;

use super::{RequestError, TcpClient, connection::Link, shared::Subscribed};
use crate::{
    net::call::{Accepts, Waiting},
    plugin::Layer,
    queue::Queue,
    wire::{Message, MessageType},
};

/// How many notifications wait for the reader; the oldest is dropped for a newer one.
const CAPACITY: usize = 1_024;

/// A subscription: a stream of the notifications of one uri.
///
/// Up to 1,024 notifications wait to be read. One more drops the oldest, so that a reader that
/// falls behind has the newest; [`missed`](Self::missed) tells how many it lost. The stream ends
/// when the connection has, unless the client reconnects.
///
/// Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    client: TcpClient,
    subscribed: Subscribed,
}

impl Subscription {
    pub(super) async fn open(client: &TcpClient, uri: Bytes) -> Result<Self, RequestError> {
        let link = client.link(None)?;
        let subscribed = Subscribed {
            server: link.name.clone(),
            uri: uri.clone(),
            layer: client.layer.clone(),
            queue: Arc::new(Queue::new(CAPACITY)),
        };
        // Listed before it is confirmed: the first notification may come with the confirmation.
        client.shared.subscriptions().add(subscribed.clone());
        let subscription = Self { client: client.clone(), subscribed };
        client.call(MessageType::SubscribeUri, uri).await?.ok()?;
        Ok(subscription)
    }

    /// Returns the uri.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        &self.subscribed.uri
    }

    /// Waits for the next notification; gives `None` when the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// No notification is lost when it is dropped before it is done.
    pub async fn next(&mut self) -> Option<Message> {
        self.subscribed.queue.next().await
    }

    /// Returns how many notifications were dropped since it was last asked, because they came
    /// faster than they were read.
    pub fn missed(&mut self) -> u64 {
        self.subscribed.queue.take_missed()
    }

    /// Unsubscribes, and waits for the server's confirmation.
    ///
    /// # Errors
    ///
    /// As a [`Call`](super::Call).
    ///
    /// # Cancel safety
    ///
    /// The subscription has ended even if this is dropped before it is done.
    pub async fn unsubscribe(self) -> Result<(), RequestError> {
        if self.end() {
            let Subscribed { server, uri, layer, .. } = &self.subscribed;
            let client = self.client.with_layer(layer.clone());
            client.call(MessageType::UnsubscribeUri, uri).server(server.as_str()).await?.ok()?;
        }
        Ok(())
    }

    /// Takes it off the list; returns whether it was the last to its uri.
    fn end(&self) -> bool {
        self.client.shared.subscriptions().remove(&self.subscribed)
    }
}

impl Stream for Subscription {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.subscribed.queue.poll_next(context)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.end() {
            let this = &self.subscribed;
            if let Ok(link) = self.client.shared.link(Some(&this.server)) {
                leave(&link, &this.layer, &this.uri);
            }
        }
    }
}

/// Unsubscribes without waiting; the answer is taken off the connection when it comes.
fn leave(link: &Arc<Link>, layer: &Layer, uri: &Bytes) {
    let kind = MessageType::UnsubscribeUri;
    let Ok(message) = Message::new(kind, uri, b"") else { return };
    let (sealing, link) = (link.sealing(layer, message), Arc::clone(link));
    let (uri, layer) = (uri[..].into(), layer.clone());
    sealing.then(move |frame| {
        let Ok(frame) = frame else { return };
        let (call, _) = Waiting::new(uri, Accepts::new(kind, None), layer, Instant::now());
        // When it can't be sent the connection is about to end, and the subscription with it.
        let _ = link.calls.add(call, |_| link.outbox.queue(frame));
    });
}
