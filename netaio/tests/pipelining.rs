//! What many tasks send over one connection leaves in few writes.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use netaio::{
    App,
    net::{Listener, memory},
    prelude::*,
    wire::MessageType::RequestUri,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
    time::timeout,
};

const TASKS: usize = 64;
const ROUNDS: usize = 10;

/// A stream that counts the writes.
struct Counting<S> {
    stream: S,
    writes: Arc<AtomicUsize>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.writes.fetch_add(usize::from(written.is_ready()), SeqCst);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Calls from many tasks over one connection, several times each; returns how many writes it took.
async fn writes_of_calls(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> usize {
    let writes = Arc::default();
    let counting = Counting { stream, writes: Arc::clone(&writes) };
    let client = TcpClient::builder().connect_stream(counting);
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let client = client.clone();
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                let content = format!("{task} {round}");
                let answer = client.request("echo").content(&content).await.unwrap();
                assert_eq!(answer.text(), content);
            }
        });
    }
    timeout(Duration::from_secs(60), tasks.join_all()).await.expect("in time");
    writes.load(SeqCst)
}

fn echo() -> App {
    let app = App::empty();
    app.on(RequestUri, |content: Content| content);
    app
}

#[tokio::test]
async fn calls_of_many_tasks_leave_in_few_writes() {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo()).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let writes = writes_of_calls(connector.connect().await.unwrap()).await;
    // A write for each round, and one for the first call of all.
    assert!(writes <= ROUNDS + 1, "{writes} writes for {} calls", TASKS * ROUNDS);
}

/// A runtime of several threads runs the task first that was woken last: the one that writes, when
/// the first of many callers has just woken it.
#[test]
fn the_first_of_many_callers_has_no_write_of_its_own() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = TcpServer::builder(echo()).bind("127.0.0.1:0").await.unwrap();
            let stop = server.handle();
            sender.send((server.local_addr().unwrap(), stop)).unwrap();
            server.run_until(std::future::pending()).await;
        });
    });
    let (addr, stop) = receiver.recv().unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let writes = runtime.block_on(async {
        let stream = TcpStream::connect(addr).await.unwrap();
        tokio::spawn(writes_of_calls(stream)).await.unwrap()
    });
    stop.shutdown();
    serving.join().unwrap();
    assert!(writes <= 3 * ROUNDS, "{writes} writes for {} calls", TASKS * ROUNDS);
}

/// The calls are more than fits between the two, both ways: if each side waited for the other to
/// read before it read itself, none would be answered.
async fn more_calls_than_fit(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let client = TcpClient::builder().connect_stream(stream);
    let mut calls = JoinSet::new();
    for number in 0..300 {
        let (client, content) = (client.clone(), vec![number as u8; 60_000]);
        calls.spawn(async move {
            let answer = client.request("echo").content(content.clone()).await.unwrap();
            assert!(answer.content()[..] == content);
        });
    }
    timeout(Duration::from_secs(60), calls.join_all()).await.expect("in time");
}

#[tokio::test]
async fn a_client_reads_while_it_can_not_write() {
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(echo()).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    more_calls_than_fit(connector.connect().await.unwrap()).await;

    let server = TcpServer::builder(echo()).bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(server.local_addr().unwrap());
    tokio::spawn(server.run_until(std::future::pending()));
    more_calls_than_fit(stream.await.unwrap()).await;
}

/// Reads a request and answers it, with nothing running in this thread meanwhile.
fn answer_one(server: &mut std::net::TcpStream, content: &str) {
    let message = |kind| Message::new(kind, "uri", content).unwrap().encode().unwrap();
    let mut request = vec![0; message(RequestUri).len()];
    server.read_exact(&mut request).expect("the request");
    assert_eq!(request, message(RequestUri));
    server.write_all(&message(MessageType::RespondUri)).unwrap();
}

#[tokio::test]
async fn a_call_that_is_alone_is_written_by_its_caller() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connecting = TcpClient::builder().connect(listener.local_addr().unwrap());
    let client = timeout(Duration::from_secs(60), connecting).await.expect("in time").unwrap();
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // Before the first answer the connection's task may not have begun.
    let answering = tokio::task::spawn_blocking(move || {
        answer_one(&mut server, "first");
        server
    });
    assert_eq!(client.request("uri").content("first").await.unwrap().content(), "first");
    let mut server = answering.await.unwrap();

    let mut call = client.request("uri").content("alone").into_future();
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    answer_one(&mut server, "alone");
    assert_eq!(call.await.unwrap().content(), "alone");
}

/// Sends requests of all sizes without a pause, and reads the answers when all are sent.
async fn answers_of_all_sizes(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    const REQUESTS: usize = 400;
    let content = |number: usize| {
        let length = [0, 1, 100, 4_095, 4_096, 16_384, 60_000][number % 7];
        vec![number as u8; length]
    };
    let (mut reading, mut writing) = tokio::io::split(stream);
    let sent = tokio::spawn(async move {
        for number in 0..REQUESTS {
            let request = Message::new(RequestUri, "echo", content(number)).unwrap();
            writing.write_all(&request.encode().unwrap()).await.unwrap();
        }
        writing
    });
    let answered = timeout(Duration::from_secs(60), async {
        for number in 0..REQUESTS {
            let answer = Message::new(MessageType::RespondUri, "echo", content(number)).unwrap();
            let expected = answer.encode().unwrap();
            let mut frame = vec![0; expected.len()];
            reading.read_exact(&mut frame).await.unwrap();
            assert!(frame == expected, "answer {number}");
        }
    });
    answered.await.expect("in time");
    drop(sent.await.unwrap());
}

/// A listener that gives one connection.
struct One<S>(Option<S>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Listener for One<S> {
    type Stream = S;

    async fn accept(&mut self) -> io::Result<(S, RemoteAddr)> {
        match self.0.take() {
            Some(stream) => Ok((stream, RemoteAddr::from(SocketAddr::from(([192, 0, 2, 1], 1))))),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn answers_of_all_sizes_come_in_order_and_whole() {
    let server = TcpServer::builder(echo()).bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(server.local_addr().unwrap());
    tokio::spawn(server.run_until(std::future::pending()));
    answers_of_all_sizes(stream.await.unwrap()).await;

    // One that writes a single piece at a time, and takes little at once.
    let (near, stream) = tokio::io::duplex(5_000);
    let listener = One(Some(Counting { stream, writes: Arc::default() }));
    let server = TcpServer::builder(echo()).listen(listener).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    answers_of_all_sizes(near).await;
}
