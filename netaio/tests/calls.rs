//! Calls end: with an answer, when their time is over, or with their connection.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use netaio::{
    App,
    net::{client::TcpClientBuilder, memory},
    prelude::*,
};
use tokio::{
    io::{AsyncReadExt, DuplexStream, duplex},
    runtime::Builder,
    task::JoinSet,
    time::{Instant, timeout},
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(120), future).await.expect("in time")
}

/// A client of a server that reads nothing and answers nothing, whose end of the stream it is.
fn unanswered(builder: TcpClientBuilder) -> (TcpClient, DuplexStream) {
    let (near, far) = duplex(64 * 1024);
    (builder.connect_stream(near), far)
}

#[tokio::test(start_paused = true)]
async fn each_call_gives_up_when_its_own_time_is_over() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let builder = TcpClient::builder().on_timeout(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let (client, _far) = unanswered(builder);
    for round in 1..=2 {
        let (mut calls, start) = (JoinSet::new(), Instant::now());
        for seconds in [10, 1, 5, 5, 3] {
            let allowed = Duration::from_secs(seconds);
            let call = client.request("u").timeout(allowed);
            calls.spawn(async move { (call.await, allowed, start.elapsed()) });
            // They are sent one after the other.
            tokio::task::yield_now().await;
        }
        let mut ended = Vec::new();
        while let Some(call) = within(calls.join_next()).await {
            let (answer, allowed, took) = call.unwrap();
            assert!(answer.unwrap_err().is_timeout());
            assert!(took >= allowed && took < allowed + Duration::from_millis(10), "{took:?}");
            ended.push(allowed.as_secs());
        }
        assert_eq!(ended, [1, 3, 5, 5, 10]);
        assert_eq!(told.load(SeqCst), 5 * round);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_taken_beside_calls_that_give_up() {
    let app = App::empty();
    app.on(MessageType::RequestUri, async |uri: Uri| {
        let slow = uri == "slow";
        tokio::time::sleep(Duration::from_secs(if slow { 5 } else { 2 })).await;
        uri
    });
    let client = memory::connect(app);
    let short = client.request("slow").timeout(Duration::from_secs(1));
    let long = client.request("fast").timeout(Duration::from_secs(8));
    let (short, long) =
        within(async { tokio::join!(short.into_future(), long.into_future()) }).await;
    assert!(short.unwrap_err().is_timeout());
    assert_eq!(long.unwrap().content(), "fast");
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_not_taken_for_that_of_the_next_call() {
    let (app, calls) = (App::empty(), Arc::new(AtomicUsize::new(0)));
    app.on(MessageType::RequestUri, move || {
        let call = calls.fetch_add(1, SeqCst);
        async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            call.to_string()
        }
    });
    let client = memory::connect(app);
    let first = within(client.request("u").timeout(Duration::from_secs(1))).await;
    assert!(first.unwrap_err().is_timeout());
    assert_eq!(within(client.request("u")).await.unwrap().content(), "1");
}

#[tokio::test]
async fn a_call_ends_with_the_runtime_of_its_connection() {
    let other = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (client, mut far) = {
        let _entered = other.enter();
        unanswered(TcpClient::builder())
    };
    let call = tokio::spawn(client.request("u").timeout(Duration::from_secs(600)).into_future());
    let mut frame = [0; 9];
    within(far.read_exact(&mut frame)).await.unwrap();
    other.shutdown_background();
    let error = within(call).await.unwrap().unwrap_err();
    assert!(error.is_closed() && error.to_string().contains("runtime"), "{error}");
    let error = within(client.request("u")).await.unwrap_err();
    assert!(error.is_closed(), "{error}");
}
