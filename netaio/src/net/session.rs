use std::sync::Arc;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};
use tracing::Instrument;

use super::{
    admission::Place,
    driver::{Driver, Receiver},
    hub::{Hub, Listed, Remote},
};
use crate::{
    engine::{Engine, Exchange, HandlerFailure, OpenedRef, Origin, ReplyTo, Step},
    handler::{Connection, Endpoint, Reply, Router, Table},
    wire::FrameRef,
};

/// The server's side of a connection: messages go to handlers.
struct Session {
    engine: Arc<Engine>,
    listed: Listed,
    origin: Origin,
}

impl Session {
    #[inline(always)]
    fn dispatch(&self, table: &Table, opened: &OpenedRef<'_>, exchange: &mut Exchange) -> Step {
        if self.engine.outer.auth_plugin().is_some() {
            self.listed.0.authenticate();
        }
        self.engine.dispatch(table, opened, &self.origin, exchange)
    }
}

impl Receiver for Session {
    fn router(&self) -> &Router {
        &self.engine.router
    }

    #[inline(always)]
    fn receive(&self, frame: FrameRef<'_>, table: &Table, exchange: &mut Exchange) -> Step {
        let dispatch = |opened: &OpenedRef<'_>, exchange: &mut Exchange| {
            self.dispatch(table, opened, exchange)
        };
        self.engine.admit(table, frame, &self.origin, exchange, dispatch)
    }

    fn finish(
        &self,
        to: ReplyTo<'_>,
        result: Result<Reply, HandlerFailure>,
        exchange: &mut Exchange,
    ) {
        self.engine.finish(to, result, &self.origin, exchange);
    }

    fn worthwhile_batch(&self) -> Option<usize> {
        self.engine.outer.worthwhile_batch()
    }

    fn check_ahead<'a>(
        &self,
        frames: impl Iterator<Item = FrameRef<'a>>,
        table: &Table,
        exchange: &mut Exchange,
    ) {
        self.engine.check_ahead(table, frames, &self.origin, exchange);
    }

    fn receive_ahead(&self, table: &Table, exchange: &mut Exchange) -> Option<Step> {
        Some(match self.engine.admit_ahead(&self.origin, exchange)? {
            Ok(opened) => self.dispatch(table, &opened.as_ref(), exchange),
            Err(refused) => refused.into(),
        })
    }

    fn sign(&self, exchange: &mut Exchange) {
        self.engine.sign(&self.origin, exchange);
    }

    fn handlers(&self) -> &Semaphore {
        &self.engine.handlers
    }
}

/// Serves one connection to its end, and holds its place among all until then.
///
/// What the task holds is made here and moved into it: an idle connection pays for each byte of it.
pub(crate) fn serve<S>(
    stream: S,
    remote: Remote,
    hub: Arc<Hub>,
    place: Option<Place>,
) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let listed = hub.add(remote);
    let connection = Connection::new(Arc::clone(&listed.0) as _);
    let span = tracing::debug_span!(
        "connection",
        id = %connection.id(),
        remote = %connection.remote_addr(),
    );
    let session = Session {
        engine: Arc::clone(&hub.engine),
        origin: Origin::new(connection, Endpoint::new(hub)),
        listed,
    };
    async move {
        let (outbox, engine) = (&session.listed.0.outbox, &*session.engine);
        let end = Driver::new(stream, &session, outbox, &engine.limits).run().await;
        end.note(engine, session.origin.connection.remote_addr());
        drop(place);
    }
    .instrument(span)
}
