//! How targets of operations read their input, and the runtime of those that serve.

use std::{future::Future, time::Duration};

use netaio::net::{TcpServerBuilder, memory};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::{Builder, Runtime},
    time::timeout,
};

/// The rest of an input.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Takes so many bytes, or all that there are.
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Sends bytes to a server on one connection; returns all that it answers.
pub(crate) fn answers(builder: TcpServerBuilder, bytes: &[u8]) -> Vec<u8> {
    block_on(async {
        let (listener, connector) = memory::network();
        let server = builder.listen(listener).expect("no fields collide");
        let serving = tokio::spawn(server.run_until(std::future::pending()));
        let stream = connector.connect().await.expect("it listens");
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut answers = Vec::new();
        let write = async {
            let _ = writer.write_all(bytes).await;
            let _ = writer.shutdown().await;
        };
        let both = async { tokio::join!(write, reader.read_to_end(&mut answers)) };
        let _ = timeout(Duration::from_secs(10), both).await.expect("the connection ends");
        serving.abort();
        answers
    })
}
