use std::{
    io::{self, IoSlice},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    time::timeout,
};

use super::*;
use crate::{
    App, Limits,
    handler::{
        Endpoint, Link, Node, Transport,
        extract::{Content, Uri},
    },
    net::{
        TcpServer,
        hub::{Listed, Remote},
        session::serve,
    },
    pubsub::Writer,
    wire::{Body, Frame, Message, MessageType, Output},
};

/// A stream that takes so many bytes, and keeps each write apart.
#[derive(Debug)]
struct Stream(Mutex<(usize, Vec<Bytes>)>);

impl Writer for Stream {
    fn try_write(&self, frames: &[IoSlice<'_>]) -> io::Result<usize> {
        let (room, writes) = &mut *self.0.lock().unwrap();
        let mut bytes = frames.iter().flat_map(|frame| frame.iter().copied()).collect::<Vec<_>>();
        bytes.truncate(*room);
        if bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= bytes.len();
        writes.push(bytes.into());
        Ok(writes.last().unwrap().len())
    }
}

impl Stream {
    /// Returns the contents of the messages that came with each write.
    fn writes(&self) -> Vec<String> {
        self.0.lock().unwrap().1.iter().map(|write| contents(write.clone())).collect()
    }

    fn lengths(&self) -> Vec<usize> {
        self.0.lock().unwrap().1.iter().map(Bytes::len).collect()
    }
}

fn contents(mut frames: Bytes) -> String {
    let frames = std::iter::from_fn(|| Frame::decode(&mut frames));
    let bodies = frames.map(|frame| Body::decode(frame.into_body()).unwrap());
    let contents = bodies.map(|body| String::from_utf8(body.content().to_vec()).unwrap());
    contents.collect::<Vec<_>>().join(" ")
}

fn hub(limits: Limits) -> Arc<Hub> {
    TcpServer::builder(App::empty()).limits(limits).hub()
}

fn remote(writer: Option<Arc<dyn Writer>>) -> Remote {
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1)).into();
    Remote { addr, transport: Transport::Tcp, identity: None, writer }
}

/// A connection with subscriptions whose task sleeps, and its stream.
fn subscriber(hub: &Arc<Hub>, room: usize, topics: &[&'static str]) -> (Listed, Arc<Stream>) {
    let stream = Arc::new(Stream(Mutex::new((room, Vec::new()))));
    let listed = hub.add(remote(Some(Arc::clone(&stream) as _)));
    topics.iter().for_each(|topic| listed.0.subscribe((*topic).into()).unwrap());
    let outbox = &listed.0.outbox;
    let _ = outbox.poll_wakeup(&mut Context::from_waker(Waker::noop()), true);
    (listed, stream)
}

fn message(topic: &str, content: impl AsRef<[u8]>) -> Message {
    Message::new(MessageType::NotifyUri, topic, content).unwrap()
}

/// Notifies the subscribers of "news".
fn notify(hub: &Hub, content: impl AsRef<[u8]>) {
    hub.notify(b"news", message("news", content)).unwrap();
}

#[test]
fn what_a_burst_notifies_is_written_once_to_each_even_if_it_panics() {
    let hub = hub(Limits::default());
    let (a, b) = (subscriber(&hub, 999, &["news"]), subscriber(&hub, 999, &["news"]));

    assert_eq!(hub.notify(b"news", message("news", "0")), Ok(2));
    assert_eq!(a.1.writes(), ["0"], "outside of a burst at once");
    during(|| {
        notify(&hub, "1");
        during(|| notify(&hub, "2"));
        assert_eq!(a.1.writes(), ["0"], "not before the end");
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        during(|| {
            notify(&hub, "3");
            panic!("a handler of a runtime within");
        });
    }));
    assert!(panicked.is_err());
    for (listed, stream) in [a, b] {
        assert_eq!(stream.writes(), ["0", "1 2", "3"]);
        assert!(!listed.0.outbox.has_news(), "the task has nothing to do");
    }
}

#[test]
fn subscribers_of_several_topics_are_written_to_once_too() {
    let hub = hub(Limits::default());
    let (both, one) = (subscriber(&hub, 999, &["news", "old"]), subscriber(&hub, 999, &["old"]));
    during(|| {
        for number in 0..6 {
            let topic = if number % 2 == 0 { "news" } else { "old" };
            hub.notify(topic.as_bytes(), message(topic, number.to_string())).unwrap();
        }
    });
    assert_eq!(both.1.writes(), ["0 1 2 3 4 5"]);
    assert_eq!(one.1.writes(), ["1 3 5"]);
}

#[test]
fn several_servers_of_one_thread_all_notify() {
    let hubs = [hub(Limits::default()), hub(Limits::default())];
    let subscribers = hubs.each_ref().map(|hub| subscriber(hub, 999, &["news"]));
    during(|| {
        for hub in hubs.iter().cycle().take(4) {
            notify(hub, "x");
        }
    });
    assert!(subscribers.iter().all(|(_, stream)| stream.writes() == ["x x"]));
}

#[test]
fn all_that_goes_to_one_receiver_keeps_its_order() {
    let hub = hub(Limits::default());
    let (a, b) = (subscriber(&hub, 9_999, &["news"]), subscriber(&hub, 9_999, &["news", "old"]));
    during(|| {
        notify(&hub, "1");
        notify(&hub, "2");
        a.0.0.send(message("news", "to a")).unwrap();
        notify(&hub, "3");
        hub.notify(b"old", message("old", "to b")).unwrap();
        notify(&hub, "4");
        hub.broadcast(message("news", "to all")).unwrap();
        notify(&hub, "5");
        // What a handler has started comes after what it has sent before, on any thread.
        thread::scope(|scope| scope.spawn(|| notify(&hub, "6")).join().unwrap());
        notify(&hub, "7");
        thread::scope(|scope| {
            scope.spawn(|| b.0.0.send(message("news", "to b")).unwrap()).join().unwrap();
        });
        notify(&hub, "8");
    });
    assert_eq!(a.1.writes().join(" "), "1 2 to a 3 4 to all 5 6 7 8");
    assert_eq!(b.1.writes().join(" "), "1 2 3 to b 4 to all 5 6 7 to b 8");
}

#[test]
fn what_a_connection_notifies_itself_of_comes_before_its_reply() {
    let hub = hub(Limits::default());
    let (own, _) = subscriber(&hub, 999, &["news"]);
    let (other, stream) = subscriber(&hub, 999, &[]);
    let mut out = Output::default();
    own.0.outbox.claim(&mut out);
    other.0.outbox.claim(&mut out);
    during(|| {
        notify(&hub, "1");
        assert!(own.0.settle_queued());
        own.0.take_queued(&mut out);
        assert_eq!(contents(std::mem::take(&mut out).into_bytes()), "1");
        hub.broadcast(message("news", "to all")).unwrap();
        assert!(other.0.settle_queued());
        other.0.take_queued(&mut out);
        assert_eq!(
            contents(std::mem::take(&mut out).into_bytes()),
            "to all",
            "also without a subscription"
        );
    });
    assert!(stream.writes().is_empty());
}

#[test]
fn a_connection_that_closes_still_gets_what_was_notified_before() {
    let end = |end: &dyn Fn(&Hub, &Peering)| {
        let hub = hub(Limits::default());
        let (listed, stream) = subscriber(&hub, 999, &["news"]);
        during(|| {
            notify(&hub, "bye");
            end(&hub, &listed.0);
            notify(&hub, "too late");
        });
        stream.writes()
    };
    assert_eq!(end(&|_, peering| peering.close()), ["bye"]);
    assert_eq!(end(&|hub, _| hub.close_all()), ["bye"]);
    let stopped_from_elsewhere = |hub: &Hub, _: &Peering| {
        thread::scope(|scope| scope.spawn(|| hub.close_all()).join().unwrap());
    };
    assert_eq!(end(&stopped_from_elsewhere), ["bye"]);
}

#[test]
fn no_more_than_64_kib_wait_for_the_end_of_a_burst() {
    let hub = hub(Limits::default());
    let (_listed, stream) = subscriber(&hub, usize::MAX, &["news"]);
    let frame = message("news", [0; 30_000]).encode().unwrap().len();
    during(|| {
        (0..2).for_each(|_| notify(&hub, [0; 30_000]));
        assert!(stream.lengths().is_empty());
        notify(&hub, [0; 30_000]);
        assert_eq!(stream.lengths(), [2 * frame], "not put off further");
    });
    assert_eq!(stream.lengths(), [2 * frame, frame]);
}

#[test]
fn m2_who_does_not_read_is_cut_as_if_each_notification_came_alone() {
    let hub = hub(Limits::default().outbound_limit(10_000));
    let (_slow, slow) = subscriber(&hub, 100, &["news"]);
    let (_fast, fast) = subscriber(&hub, usize::MAX, &["news"]);
    during(|| notify(&hub, [0; 6_000]));
    assert_eq!(hub.engine.counters.slow_consumers(), 0, "one has room");
    during(|| (0..2).for_each(|_| notify(&hub, [0; 6_000])));
    assert_eq!(hub.engine.counters.slow_consumers(), 1);
    assert_eq!(slow.lengths(), [100]);
    assert_eq!(fast.lengths().iter().sum::<usize>(), 3 * fast.lengths()[0]);

    // An empty queue takes any message, but not any number of them.
    let (_slow, _) = subscriber(&hub, 0, &["news"]);
    during(|| (0..2).for_each(|_| notify(&hub, [0; 6_000])));
    assert_eq!(hub.engine.counters.slow_consumers(), 2);
}

#[tokio::test]
async fn a_burst_is_of_64_messages_at_most() {
    let app = App::empty();
    app.on(MessageType::PublishUri, |uri: Uri, endpoint: Endpoint, content: Content| {
        endpoint.notify(uri, content).map(drop)
    });
    let hub = TcpServer::builder(app).hub();
    let (_listed, stream) = subscriber(&hub, usize::MAX, &["news"]);
    let (mut client, server) = duplex(64 * 1024);
    tokio::spawn(serve(server, remote(None), Arc::clone(&hub), None));
    let publish = Message::new(MessageType::PublishUri, "news", "x").unwrap().encode().unwrap();
    let talk = async {
        client.write_all(&publish.repeat(100)).await.unwrap();
        client.shutdown().await.unwrap();
        client.read_to_end(&mut Vec::new()).await.unwrap();
    };
    timeout(Duration::from_secs(60), talk).await.expect("in time");
    let counts = stream.writes().iter().map(|write| write.split(' ').count()).collect::<Vec<_>>();
    assert_eq!(counts, [64, 36]);
}
