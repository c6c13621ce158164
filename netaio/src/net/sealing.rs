use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;

use crate::{
    engine::{Engine, Remote, ReplayCache},
    handler::SendError,
    peer::RemoteAddr,
    plugin::{AuthError, Layer},
    wire::Message,
};

/// A message whose layers may take their time to protect it, such as to work for a stamp.
#[derive(Debug)]
pub(in crate::net) struct Sealing {
    pub(in crate::net) engine: Arc<Engine>,
    pub(in crate::net) layer: Layer,
    pub(in crate::net) message: Message,
    pub(in crate::net) to: Option<RemoteAddr>,
    /// The memory of a client's connection.
    pub(in crate::net) seen: Option<Arc<ReplayCache>>,
}

impl Sealing {
    /// Seals the message, on a thread for such if it takes time.
    ///
    /// Dropped, the work ends soon. As much of it runs at once as there are processors.
    pub(in crate::net) async fn run(self) -> Result<Bytes, SendError> {
        if !self.engine.takes_time(&self.layer, self.message.message_type()) {
            return self.seal(None);
        }
        let permit = Arc::clone(&self.engine.workers).acquire_owned().await;
        let stop = StopOnDrop(Arc::default());
        let stopped = Arc::clone(&stop.0);
        let sealing = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            self.seal(Some(&stopped))
        });
        let ended = || AuthError::Other("the program ends".into());
        sealing.await.unwrap_or_else(|_| Err(SendError::Seal(ended().into())))
    }

    /// Seals the message and does what is to be done with it: at once, or later if it takes time.
    ///
    /// Where no runtime is at hand, as where a handle is dropped outside of it, what takes time is
    /// not sent.
    pub(in crate::net) fn then(self, send: impl FnOnce(Result<Bytes, SendError>) + Send + 'static) {
        if !self.engine.takes_time(&self.layer, self.message.message_type()) {
            return send(self.seal(None));
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { send(self.run().await) })),
            Err(_) => send(Err(SendError::Closed)),
        }
    }

    fn seal(self, stop: Option<&AtomicBool>) -> Result<Bytes, SendError> {
        let mut frame = BytesMut::new();
        let to = Remote { addr: self.to.as_ref(), stop, ..self.engine.remote(None) };
        let to = self.seen.as_deref().map_or(to, |seen| Remote { seen, ..to });
        self.engine.seal_message(&self.layer, self.message, to, &mut frame)?;
        Ok(frame.freeze())
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
