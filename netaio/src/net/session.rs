use std::sync::Arc;

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};
use tracing::Instrument;

use super::{
    admission::Place,
    driver::{Driver, End, Receiver},
    hub::{Hub, Peering, Remote},
};
use crate::{
    engine::{Engine, HandlerFailure, Origin, ReplyTo, Step, count},
    handler::{Connection, Endpoint, Reply},
    wire::Frame,
};

/// The server's side of a connection: messages go to handlers.
struct Session<'a> {
    engine: Arc<Engine>,
    peering: &'a Peering,
    origin: Origin,
}

impl Receiver for Session<'_> {
    fn receive(&self, frame: Frame, out: &mut BytesMut) -> Step {
        let table = self.engine.router.table();
        match self.engine.admit(&table, frame, &self.origin, out) {
            Ok(opened) => {
                if self.engine.outer.auth_plugin().is_some() {
                    self.peering.authenticate();
                }
                self.engine.dispatch(&table, opened, &self.origin, out)
            }
            Err(refused) => refused.into(),
        }
    }

    fn finish(
        &self,
        reply_to: &ReplyTo,
        result: Result<Reply, HandlerFailure>,
        out: &mut BytesMut,
    ) {
        self.engine.finish(reply_to, result, &self.origin, out);
    }

    fn handlers(&self) -> &Semaphore {
        &self.engine.handlers
    }
}

/// Serves one connection to its end, and holds its place among all until then.
pub(crate) async fn serve<S>(stream: S, remote: Remote, hub: Arc<Hub>, _place: Option<Place>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let listed = hub.add(remote);
    let peering = &listed.0;
    let connection = Connection::new(Arc::clone(peering) as _);
    let span = tracing::debug_span!(
        "connection",
        id = %connection.id(),
        remote = %connection.remote_addr(),
    );
    let engine = Arc::clone(&hub.engine);
    let origin = Origin::new(connection, Endpoint::new(hub));
    let session = Session { engine, peering, origin };
    let limits = &session.engine.limits;
    async {
        let end = Driver::new(stream, &session, &peering.outbox, limits).run().await;
        if matches!(end, End::TimedOut(_)) {
            count::timeouts(&session.engine.counters);
        }
        tracing::debug!(reason = %end, "connection ended");
    }
    .instrument(span)
    .await;
}
