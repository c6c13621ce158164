//! What the tests share: a clock, deadlines, and ways to send what no client would.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use netaio::{
    App, Counters, TcpServer,
    handler::Application,
    net::{
        ServerHandle, TcpServerBuilder,
        memory::{self, MemoryConnector},
    },
    plugin::{Direction, Environment, Layer, PluginContext, Role, System},
    prelude::*,
    wire::{AuthFields, AuthLimits, Body, Frame, encode_frame},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::timeout,
};

/// No test may hang.
pub(crate) async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

/// A clock that is set by the test.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn at(second: u64) -> Self {
        Self(Arc::new(second.into()))
    }

    pub(crate) fn set(&self, second: u64) {
        self.0.store(second, Relaxed);
    }
}

impl Environment for Clock {
    fn unix_time(&self) -> u64 {
        self.0.load(Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        System.fill_random(bytes);
    }
}

/// A server in memory.
pub(crate) struct Server {
    pub(crate) handle: ServerHandle,
    connector: MemoryConnector,
}

impl Server {
    pub(crate) fn new<A: Application>(
        app: App<A>,
        change: impl FnOnce(TcpServerBuilder) -> TcpServerBuilder,
    ) -> Self {
        let (listener, connector) = memory::network();
        let server = change(TcpServer::builder(app)).listen(listener).unwrap();
        let handle = server.handle();
        tokio::spawn(server.run_until(std::future::pending()));
        Self { handle, connector }
    }

    pub(crate) async fn connect(&self) -> Raw {
        Raw(within(self.connector.connect()).await.unwrap())
    }

    pub(crate) async fn client(&self, layer: Layer) -> TcpClient {
        let Raw(stream) = self.connect().await;
        TcpClient::builder().layer(layer).connect_stream(stream)
    }

    pub(crate) fn counters(&self) -> &Counters {
        self.handle.counters()
    }
}

/// A connection on which bytes are sent as they are.
pub(crate) struct Raw(pub(crate) DuplexStream);

impl Raw {
    /// Sends a frame and returns the answer.
    pub(crate) async fn ask(&mut self, frame: &[u8]) -> Frame {
        within(self.0.write_all(frame)).await.unwrap();
        let mut header = vec![0; 9];
        within(self.0.read_exact(&mut header)).await.unwrap();
        let needed = Frame::needed(&header);
        let start = header.len();
        header.resize(needed, 0);
        within(self.0.read_exact(&mut header[start..])).await.unwrap();
        Frame::decode(&mut header.into()).unwrap()
    }

    /// Sends frames and returns all that comes until the server closes.
    pub(crate) async fn all(mut self, frames: &[u8]) -> Vec<u8> {
        within(self.0.write_all(frames)).await.unwrap();
        within(self.0.shutdown()).await.unwrap();
        let mut answers = Vec::new();
        within(self.0.read_to_end(&mut answers)).await.unwrap();
        answers
    }

    pub(crate) async fn kind(&mut self, frame: &[u8]) -> MessageType {
        MessageType::from_code(self.ask(frame).await.header.code).unwrap()
    }
}

/// Seals a message as another node does.
pub(crate) fn seal(layer: &Layer, clock: &Clock, kind: MessageType, uri: &str) -> Vec<u8> {
    let context = PluginContext::new(clock, kind, Direction::Outgoing).with_role(Role::Client);
    let mut fields = AuthFields::new();
    let body = layer.seal(&mut fields, Body::new(uri, "content").unwrap(), &context).unwrap();
    let mut out = bytes::BytesMut::new();
    encode_frame(kind.code(), &fields, body.encoded(), &mut out).unwrap();
    out.to_vec()
}

/// Makes a captured frame one of another type, which no layer notices.
pub(crate) fn retyped(frame: &[u8], kind: MessageType) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[0] = kind.code();
    frame
}

pub(crate) fn reencoded(frame: &Frame) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    let fields = AuthFields::decode(frame.auth(), &AuthLimits::default()).unwrap();
    encode_frame(frame.header.code, &fields, frame.body(), &mut out).unwrap();
    out.to_vec()
}
