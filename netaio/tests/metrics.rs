//! What reaches a recorder. It is a program of its own, since a recorder is for all of a program.

#![cfg(all(feature = "metrics", feature = "hmac"))]

use std::{collections::HashMap, time::Duration};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use netaio::{App, net::memory, plugin::Layer, prelude::*};
use tokio::time::timeout;

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("in time")
}

fn get() -> &'static str {
    "here"
}

#[tokio::test]
async fn messages_handlers_connections_and_refusals_are_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();

    let app = App::empty();
    app.on(MessageType::RequestUri, get);
    app.on(MessageType::CreateUri, async || "stored");
    let secret = || Layer::new().auth(HmacAuth::new("a secret of sixteen"));
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).layer(secret()).listen(listener).unwrap();
    let handle = server.handle();
    tokio::spawn(server.run_until(std::future::pending()));
    let connect = async |layer| {
        let stream = within(connector.connect()).await.unwrap();
        TcpClient::builder().layer(layer).connect_stream(stream)
    };
    let client = connect(secret()).await;
    for _ in 0..3 {
        within(client.request("u")).await.unwrap().ok().unwrap();
    }
    within(client.create("u", "x")).await.unwrap().ok().unwrap();
    let stranger = connect(Layer::new()).await;
    within(stranger.request("u")).await.unwrap();
    within(stranger.close()).await;
    within(async {
        while handle.endpoint().connections() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let mut seen = HashMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let labels: Vec<_> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => {
                assert!(values.iter().all(|seconds| (0.0..60.0).contains(&seconds.0)));
                format!("{} values", values.len())
            }
        };
        seen.insert(format!("{}{{{}}}", key.name(), labels.join(",")), value);
    }
    for (name, value) in [
        ("netaio_messages{type=REQUEST_URI}", "3"),
        ("netaio_messages{type=CREATE_URI}", "1"),
        ("netaio_handler_seconds{handler=closure}", "4 values"),
        ("netaio_connections{}", "1"),
        ("netaio_auth_failures{reason=missing}", "1"),
    ] {
        assert_eq!(seen.get(name).map(String::as_str), Some(value), "{name} of {seen:#?}");
    }
}
