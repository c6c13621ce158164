//! A message's way through a server with more and more handlers: all but the network.

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netaio::{App, MessageType, net::memory, prelude::*, wire::Message};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Builder,
};

/// How many messages are sent at once.
const BATCH: usize = 64;

fn handlers(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let mut group = criterion.benchmark_group("dispatch");
    group.throughput(Throughput::Elements(BATCH as u64));
    for count in [1, 10, 100, 1_000, 10_000] {
        let app = App::empty();
        for number in 0..count {
            app.on((MessageType::RequestUri, number.to_string()), |content: Content| content);
        }
        let mut requests = BytesMut::new();
        for number in 0..BATCH {
            let uri = (number * count / BATCH).to_string();
            let message = Message::new(MessageType::RequestUri, uri, "content").expect("it fits");
            message.encode_into(&mut requests).expect("it fits");
        }
        let mut stream = runtime.block_on(async {
            let (listener, connector) = memory::network();
            let server = TcpServer::builder(app).listen(listener).expect("it listens");
            tokio::spawn(server.run_until(std::future::pending()));
            connector.connect().await.expect("it accepts")
        });
        // An answer is as long as its request.
        let mut answers = vec![0; requests.len()];
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    stream.write_all(&requests).await.expect("the server reads");
                    stream.read_exact(&mut answers).await.expect("the server answers");
                });
            });
        });
        assert_eq!(answers.first(), Some(&MessageType::RespondUri.code()), "it is an answer");
    }
    group.finish();
}

criterion_group!(benches, handlers);
criterion_main!(benches);
