//! What an attack looks like in the log: it is there, at a limited rate, and shows nothing of what
//! was sent. It is a program of its own, so that no other test decides what is logged.

#![cfg(feature = "hmac")]

use std::{
    collections::HashMap,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use netaio::{
    App, Limits, TcpServer,
    net::{ServerHandle, memory},
    plugin::{Environment, HmacAuth},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tracing::{Event, Level, Metadata, Subscriber, field::Field, span};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

/// What is sent, and must not be shown.
const PAYLOAD: &str = "PAYLOAD";

/// The lines of the program, with their levels.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

struct Line(String);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("netaio") && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A clock that stands still, and so shows what is written in one second.
#[derive(Debug)]
struct Stopped;

impl Environment for Stopped {
    fn unix_time(&self) -> u64 {
        1_000
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        netaio::plugin::System.fill_random(bytes);
    }
}

/// Sends a frame on a hundred connections, five times on each.
async fn storm(connector: &memory::MemoryConnector, frame: &[u8]) {
    for _ in 0..100 {
        let mut stream = within(connector.connect()).await.unwrap();
        // Some are closed before they have sent all.
        let _ = within(stream.write_all(&frame.repeat(5))).await;
        let _ = within(stream.shutdown()).await;
        within(stream.read_to_end(&mut Vec::new())).await.unwrap();
    }
}

fn serve(limits: Limits, auth: bool) -> (ServerHandle, memory::MemoryConnector) {
    let app = App::empty();
    app.on(MessageType::RequestUri, || -> () { panic!("on purpose") });
    let server = TcpServer::builder(app).limits(limits).environment(Stopped);
    let server = if auth { server.auth(HmacAuth::new("a secret of sixteen")) } else { server };
    let (listener, connector) = memory::network();
    let server = server.listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    (handle, connector)
}

#[tokio::test]
async fn m10_every_refusal_is_in_the_log_at_a_limited_rate_and_shows_no_payload() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(lines.clone()).unwrap();
    let request = Message::new(MessageType::RequestUri, PAYLOAD, PAYLOAD).unwrap();
    let request = request.encode().unwrap().to_vec();
    let mut damaged = request.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut unknown = request.clone();
    unknown[0] = 200;
    let full = Limits::default().max_connections(0);
    for (limits, auth, frame, text) in [
        (Limits::default(), false, &damaged, "refused a frame"),
        (Limits::default(), false, &unknown, "refused a frame"),
        (Limits::default(), true, &request, "auth failed"),
        (Limits::default().max_auth_failures(1), true, &request, "closed a connection"),
        (Limits::default(), false, &request, "handler panicked"),
        (full, false, &request, "refused: too many connections"),
    ] {
        let (handle, connector) = serve(limits, auth);
        storm(&connector, frame).await;
        let mut loud: HashMap<String, usize> = HashMap::new();
        for (level, line) in lines.0.lock().unwrap().drain(..) {
            assert!(!line.contains(PAYLOAD), "{line}");
            let lacks_fields = line.split_once("message=").map(|(_, text)| text.to_owned());
            if level < Level::INFO {
                *loud.entry(lacks_fields.unwrap_or(line)).or_default() += 1;
            }
        }
        assert!(loud.keys().any(|line| line.contains(text)), "{text}: {loud:?}");
        assert!(loud.values().all(|&lines| lines <= 10), "{loud:?}");
        assert!(handle.counters().log_suppressed() >= 90, "{text}: {handle:?}");
    }
}
