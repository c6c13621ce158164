use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    engine::{count, warn_limited},
    net::{
        Listener,
        admission::Refusal,
        hub::{Hub, Remote},
        session::serve,
        shared_stream::SharedStream,
    },
};

/// The first pause after accepting has failed for want of descriptors; it doubles up to 1 s.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What an accept loop needs.
#[derive(Debug, Clone)]
pub(super) struct Accepting {
    pub(super) hub: Arc<Hub>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Accepting {
    pub(super) async fn run(self, listener: &mut impl Listener) {
        let (transport, engine) = (listener.transport(), &self.hub.engine);
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote)) => {
                    pause = FIRST_PAUSE;
                    listener.keep_alive(&stream, engine.limits.keepalive);
                    let identity = listener.identity(&stream);
                    let remote = Remote { addr: remote, transport, identity, writer: None };
                    self.admit(stream, remote);
                }
                Err(error) if is_of_one_connection(&error) => {
                    count::accept_errors_connection(&engine.counters);
                    warn_limited!(engine, accepting, %error, "a connection was not accepted");
                }
                Err(error) => {
                    count::accept_errors_listener(&engine.counters);
                    warn_limited!(engine, accepting, %error, ?pause, "can't accept; pausing");
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        () = sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn admit<S>(&self, stream: S, remote: Remote)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = match self.hub.admission.admit(&remote.addr) {
            Ok(place) => place,
            Err(refusal) => {
                let (engine, remote) = (&self.hub.engine, remote.addr);
                match refusal {
                    Refusal::Full => count::refused_full(&engine.counters),
                    Refusal::Source => count::refused_source(&engine.counters),
                }
                warn_limited!(engine, refused, %remote, ?refusal, "refused: too many connections");
                return;
            }
        };
        let hub = Arc::clone(&self.hub);
        match SharedStream::new(stream) {
            Ok(stream) => {
                let remote = Remote { writer: Some(stream.writer()), ..remote };
                self.tasks.spawn(serve(stream, remote, hub, Some(place)));
            }
            Err(stream) => {
                self.tasks.spawn(serve(stream, remote, hub, Some(place)));
            }
        }
    }
}

/// Tells errors that say nothing of the next connection from those that do, such as too many open
/// files.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
