use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
};

use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use super::{connection::Link, shared::Shared};
use crate::{
    engine::{Engine, Exchange, Handled, HandlerFailure, Opened, Origin, Pending, ReplyTo, Step},
    handler::{Connection, Endpoint, Reply, Router, Table},
    net::{call::is_stranger_error, driver::Receiver},
    queue::Queue,
    wire::{FrameRef, Message, MessageType},
};

/// How many async handlers of a connection may wait for their turn.
const HANDLER_BACKLOG: usize = 1_024;

/// The client's side of a connection: messages go to calls, subscriptions, handlers, the inbox.
pub(super) struct ClientSession {
    shared: Arc<Shared>,
    link: Arc<Link>,
    origin: Origin,
    /// Runs async handlers one by one, beside the connection, so that they can make calls on it.
    worker: OnceLock<mpsc::Sender<Pending>>,
}

impl ClientSession {
    pub(super) fn new(
        shared: Arc<Shared>,
        link: Arc<Link>,
        connection: Connection,
        endpoint: Endpoint,
    ) -> Self {
        let origin = Origin::new(connection, endpoint).remembering(Arc::clone(&link.seen));
        Self { shared, link, origin, worker: OnceLock::new() }
    }

    fn opened(&self, frame: FrameRef<'_>, table: &Table) -> Option<Opened> {
        let engine = &self.shared.engine;
        let message = match engine.read(table.types(), frame) {
            // The application may keep what it receives; it should not keep a whole read buffer.
            Ok(received) => received.into_detached(),
            // The frame is cut by its lengths, so the stream stays in step.
            Err(error) => {
                engine.note_unreadable(&error, self.origin.connection.remote_addr());
                return None;
            }
        };
        let message_type = message.message_type();
        let stranger =
            is_stranger_error(message_type, message.auth_fields()).then(|| message.clone());
        match engine.open_outer(message, None, self.link.far()) {
            Ok(opened) => Some(opened),
            Err(error) => {
                let remote = self.origin.connection.remote_addr();
                engine.note_unopened(message_type, &error, false, remote);
                if let Some(message) = stranger {
                    self.link.calls.fail_unverified(message);
                }
                None
            }
        }
    }

    /// Gives a notification to the subscriptions to its uri; gives it back if there is none.
    fn notify(&self, message: Opened) -> Option<Opened> {
        if message.message_type() != MessageType::NotifyUri {
            return Some(message);
        }
        let subscriptions = self.shared.subscriptions();
        let mut taken = false;
        for subscription in subscriptions.to(message.body().uri(), &self.link.name) {
            self.give(&subscription.queue, message.clone());
            taken = true;
        }
        (!taken).then_some(message)
    }

    /// Puts a message where the application takes it; the oldest there may have to go.
    fn give(&self, queue: &Queue<Message>, message: Opened) {
        if queue.push(message.into_message()) {
            self.shared.engine.note_missed(self.origin.connection.remote_addr());
        }
    }

    fn run_later(&self, pending: Pending) {
        let worker = self.worker.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(HANDLER_BACKLOG);
            tokio::spawn(run_handlers(Arc::clone(&self.shared.engine), receiver));
            sender
        });
        if worker.try_send(pending).is_err() {
            let remote = self.origin.connection.remote_addr();
            self.shared.engine.note_busy(remote);
        }
    }
}

impl Receiver for ClientSession {
    const ANSWERS: bool = false;

    fn router(&self) -> &Router {
        &self.shared.engine.router
    }

    fn receive(&self, frame: FrameRef<'_>, table: &Table, _: &mut Exchange) -> Step {
        let Some(opened) = self.opened(frame, table) else { return Step::Done };
        let Some(opened) = self.link.calls.answer(&self.shared.engine, self.link.far(), opened)
        else {
            return Step::Done;
        };
        let Some(opened) = self.notify(opened) else { return Step::Done };
        let message_type = opened.message_type();
        // What a client's handler returns is never sent.
        match self.shared.engine.handle(table, &opened.as_ref(), &self.origin, &mut |_, _| {}) {
            Handled::Ready => {}
            Handled::Later(pending) => self.run_later(pending),
            Handled::Nobody => self.give(&self.shared.inbox, opened),
            Handled::Failed(error, ..) => {
                let remote = self.origin.connection.remote_addr();
                self.shared.engine.note_unopened(message_type, &error, true, remote);
            }
        }
        Step::Done
    }

    fn finish(&self, _: ReplyTo<'_>, _: Result<Reply, HandlerFailure>, _: &mut Exchange) {}

    fn expects_more(&self) -> bool {
        self.link.calls.are_many()
    }

    fn handlers(&self) -> &Semaphore {
        &self.shared.engine.handlers
    }
}

async fn run_handlers(engine: Arc<Engine>, mut handlers: mpsc::Receiver<Pending>) {
    while let Some(mut pending) = handlers.recv().await {
        let result = timeout(pending.timeout, poll_fn(|context| pending.poll(context))).await;
        if let Err(failure) = result.unwrap_or(Err(HandlerFailure::TimedOut)) {
            engine.note_handler(&failure, pending.handler);
        }
    }
}
