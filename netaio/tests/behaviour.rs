//! What a server promises, whatever its handlers and its peers do.

#![cfg(feature = "hmac")]

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use netaio::{
    App, AuthFailureAction, AuthFailurePolicy, Limits, TcpServer,
    net::{
        ServerHandle,
        client::{Reconnect, ReconnectEvent, RequestError},
        memory::{self, MemoryConnector},
    },
    peer::{PackifyPeers, Peer, PeerManagement, PeerPlugin},
    plugin::{
        AuthError, AuthFailure, AuthPlugin, CipherError, CipherPlugin, Layer, PluginContext, Proof,
    },
    prelude::*,
    wire::{AuthFields, Body, Frame},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf},
    sync::Notify,
    time::timeout,
};

/// No test may hang.
async fn within<T>(future: impl IntoFuture<Output = T>) -> T {
    timeout(Duration::from_secs(120), future).await.expect("in time")
}

struct Served {
    connector: MemoryConnector,
    handle: ServerHandle,
}

impl Served {
    fn new(
        app: App,
        change: impl FnOnce(netaio::net::TcpServerBuilder) -> netaio::net::TcpServerBuilder,
    ) -> Self {
        let (listener, connector) = memory::network();
        let server = change(TcpServer::builder(app)).listen(listener).unwrap();
        let handle = server.handle();
        tokio::spawn(server.run_until(std::future::pending()));
        Self { connector, handle }
    }

    async fn stream(&self) -> DuplexStream {
        within(self.connector.connect()).await.unwrap()
    }

    async fn client(&self, layer: Layer) -> TcpClient {
        TcpClient::builder().layer(layer).connect_stream(self.stream().await)
    }
}

/// Writes down each step, and marks the body so that the order shows on the other side.
#[derive(Debug)]
struct Recorder(&'static str, Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn note(&self, step: &str) {
        self.1.lock().unwrap().push(format!("{} {step}", self.0));
    }
}

impl AuthPlugin for Recorder {
    fn name(&self) -> &str {
        self.0
    }

    fn make(&self, _: &mut AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<(), AuthError> {
        self.note("make");
        Ok(())
    }

    fn check(&self, _: &AuthFields, _: &Body, _: &PluginContext<'_>) -> Result<Proof, AuthFailure> {
        self.note("check");
        Ok(Proof::anonymous())
    }
}

impl CipherPlugin for Recorder {
    fn name(&self) -> &str {
        self.0
    }

    fn encrypt(
        &self,
        _: &mut AuthFields,
        body: Body,
        _: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        self.note("encrypt");
        Ok(body)
    }

    fn decrypt(
        &self,
        _: &AuthFields,
        body: Body,
        _: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        self.note("decrypt");
        Ok(body)
    }
}

#[tokio::test]
async fn the_layers_of_the_onion_come_in_order() {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let layer = |auth, cipher| {
        let auth = Recorder(auth, Arc::clone(&steps));
        Layer::new().auth(auth).cipher(Recorder(cipher, Arc::clone(&steps)))
    };
    let app = App::empty();
    let called = Arc::clone(&steps);
    app.on_with(MessageType::RequestUri, layer("inner auth", "inner cipher"), move || {
        called.lock().unwrap().push("handler".into());
    });
    let served = Served::new(app, |server| server.layer(layer("outer auth", "outer cipher")));
    let client = served.client(Layer::new()).await;
    within(client.request("u")).await.unwrap();
    let expected = [
        "outer auth check",
        "outer cipher decrypt",
        "inner auth check",
        "inner cipher decrypt",
        "handler",
        "inner cipher encrypt",
        "inner auth make",
        "outer cipher encrypt",
        "outer auth make",
    ];
    assert_eq!(*steps.lock().unwrap(), expected);
}

/// An app whose only handler counts its calls, guarded by an inner layer.
fn guarded() -> (App, Arc<AtomicUsize>) {
    let (app, calls) = (App::empty(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    let layer = Layer::new().auth(HmacAuth::new("inner secret").field("hmac2"));
    app.on_with(MessageType::DeleteUri, layer, move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    app.on(MessageType::RequestUri, || "here");
    (app, calls)
}

#[tokio::test]
async fn no_policy_leads_a_failed_inner_check_to_the_handler() {
    let policies = [
        AuthFailurePolicy::Reply,
        AuthFailurePolicy::Drop,
        AuthFailurePolicy::ask(|refused| {
            assert!(refused.inner);
            AuthFailureAction::Reply(Some(netaio::handler::Reply::none()))
        }),
    ];
    for policy in policies {
        let (app, calls) = guarded();
        let served = Served::new(app, |server| server.on_auth_failure(policy.clone()));
        let client = served.client(Layer::new()).await;
        let delete = Message::new(MessageType::DeleteUri, "u", "").unwrap();
        within(client.send(delete)).await.unwrap();
        // Answered in order: when this one is, the other has been dealt with.
        within(client.request("u")).await.unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 0, "{policy:?}");
        assert_eq!(served.handle.counters().auth_failures(), 1);
    }
}

#[tokio::test]
async fn a_policy_can_disconnect() {
    let (app, calls) = guarded();
    let served = Served::new(app, |server| server.on_auth_failure(AuthFailurePolicy::Disconnect));
    let client = served.client(Layer::new()).await;
    assert!(within(client.delete("u")).await.unwrap_err().is_closed());
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_stranger_does_not_use_a_one_time_handler_up() {
    let app = App::empty();
    let layer = Layer::new().auth(HmacAuth::new("secret"));
    app.once_with(MessageType::CreateUri, layer.clone(), || "first");
    let served = Served::new(app, |server| server);
    let client = served.client(Layer::new()).await;
    let refused = within(client.create("u", "")).await.unwrap();
    assert_eq!(refused.message_type(), MessageType::AuthError);
    let friend = client.with_layer(layer);
    assert_eq!(within(friend.create("u", "")).await.unwrap().content(), "first");
    let again = within(client.create("u", "")).await.unwrap();
    assert_eq!(again.message_type(), MessageType::NotFound);
}

#[tokio::test]
async fn a_handler_that_panics_is_an_error_and_the_connection_lives() {
    let app = App::empty();
    app.on((MessageType::RequestUri, "now"), || -> &'static str { panic!("local detail") });
    app.on((MessageType::RequestUri, "later"), || async {
        tokio::task::yield_now().await;
        if true {
            panic!("local detail");
        }
    });
    app.on(MessageType::RequestUri, || "alive");
    let served = Served::new(app, |server| server);
    let client = served.client(Layer::new()).await;
    for uri in ["now", "later"] {
        let response = within(client.request(uri)).await.unwrap();
        assert_eq!((response.uri(), &*response.text()), (uri.as_bytes(), "internal error"));
    }
    assert_eq!(within(client.request("u")).await.unwrap().content(), "alive");
    assert_eq!(served.handle.counters().handler_panics(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_its_deadline_is_an_error() {
    let app = App::empty();
    app.on(MessageType::RequestUri, std::future::pending::<()>);
    let limits = Limits::default().handler_timeout(Duration::from_secs(5));
    let served = Served::new(app, |server| server.limits(limits));
    let client = served.client(Layer::new()).await;
    let response = within(client.request("u")).await.unwrap();
    assert_eq!((response.message_type(), &*response.text()), (MessageType::Error, "timed out"));
    assert_eq!(served.handle.counters().handler_timeouts(), 1);
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_an_error_and_not_silence() {
    let app = App::empty();
    app.on(MessageType::RequestUri, || vec![0; Body::MAX_LENGTH]);
    let served = Served::new(app, |server| server);
    let client = served.client(Layer::new()).await;
    let response = within(client.request("u")).await.unwrap();
    assert_eq!(&*response.text(), "the reply is too large");
    let too_large = within(client.create("u", vec![0; Body::MAX_LENGTH])).await.unwrap_err();
    assert!(matches!(too_large, RequestError::Send(_)), "{too_large}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let app = App::empty();
    app.on((MessageType::RequestUri, "slow"), || async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    });
    app.on(MessageType::RequestUri, |uri: Uri| uri);
    let served = Served::new(app, |server| server);
    let mut stream = served.stream().await;
    let mut sent = bytes::BytesMut::new();
    let uris = ["a", "slow", "b", "slow", "c"];
    for uri in uris {
        let message = Message::new(MessageType::RequestUri, uri, "").unwrap();
        message.encode_into(&mut sent).unwrap();
    }
    within(stream.write_all(&sent)).await.unwrap();
    within(stream.shutdown()).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    let (mut answer, mut answered) = (answer.into(), Vec::new());
    while let Some(frame) = Frame::decode(&mut answer) {
        answered.push(Body::decode(frame.into_body()).unwrap());
    }
    let answered: Vec<_> = answered.iter().map(|body| body.uri().to_vec()).collect();
    assert_eq!(answered, uris.map(|uri| uri.as_bytes().to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_does_not_end_ends_the_connection() {
    let served = Served::new(App::empty(), |server| server);
    let mut stream = served.stream().await;
    within(stream.write_all(&[0, 0])).await.unwrap();
    // A byte now and then does not buy more time.
    let dribble = async {
        loop {
            tokio::time::sleep(Duration::from_secs(7)).await;
            if stream.write_all(&[0]).await.is_err() {
                break;
            }
        }
    };
    within(dribble).await;
    assert_eq!(served.handle.counters().timeouts(), 1);
}

#[tokio::test]
async fn too_many_failures_close_the_connection() {
    let served = Served::new(App::empty(), |server| {
        let limits = Limits::default().max_auth_failures(3);
        server.auth(HmacAuth::new("secret")).limits(limits)
    });
    let client = served.client(Layer::new()).await;
    for _ in 0..3 {
        let response = within(client.request("u")).await.unwrap();
        assert_eq!(response.message_type(), MessageType::AuthError);
    }
    assert!(within(client.request("u")).await.unwrap_err().is_closed());
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_is_cut_and_delays_nobody() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    let limits = Limits::default().outbound_limit(256 * 1024);
    let served = Served::new(app, |server| server.limits(limits));
    let mut stalled = served.stream().await;
    let subscribe = Message::new(MessageType::SubscribeUri, "news", "").unwrap();
    within(stalled.write_all(&subscribe.encode().unwrap())).await.unwrap();
    let client = served.client(Layer::new()).await;
    let mut news = within(client.subscribe("news")).await.unwrap();
    let endpoint = served.handle.endpoint();
    within(async {
        while endpoint.subscribers("news") < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for number in 0..100_u32 {
        endpoint.notify("news", [&number.to_be_bytes()[..], &[0; 8_000]].concat()).unwrap();
        let message = within(news.next()).await.unwrap();
        assert_eq!(message.content()[..4], number.to_be_bytes());
    }
    assert_eq!(served.handle.counters().slow_consumers(), 1);
    within(async {
        while endpoint.subscribers("news") > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_subscription_over_the_limit_is_not_permitted() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    let limits = Limits::default().max_subscriptions(2);
    let served = Served::new(app, |server| server.limits(limits));
    let client = served.client(Layer::new()).await;
    let _kept = [within(client.subscribe("a")).await, within(client.subscribe("b")).await];
    let refused = within(client.subscribe("c")).await;
    assert!(matches!(refused, Err(RequestError::NotPermitted(_))), "{refused:?}");
    assert_eq!(served.handle.endpoint().subscribers("c"), 0);
    assert_eq!(served.handle.counters().subscriptions_refused(), 1);
}

#[tokio::test]
async fn a_stopping_server_finishes_what_it_has_begun() {
    let (app, go, begun) = (App::empty(), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (wait, tell) = (Arc::clone(&go), Arc::clone(&begun));
    app.on(MessageType::RequestUri, move || {
        let (wait, tell) = (Arc::clone(&wait), Arc::clone(&tell));
        async move {
            tell.notify_one();
            wait.notified().await;
            "done"
        }
    });
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).listen(listener).unwrap();
    let handle = server.handle();
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let client = TcpClient::builder().connect_stream(connector.connect().await.unwrap());
    let call = tokio::spawn(client.request("u").into_future());
    within(begun.notified()).await;
    handle.shutdown();
    go.notify_one();
    assert_eq!(within(call).await.unwrap().unwrap().content(), "done");
    let report = within(serving).await.unwrap();
    assert_eq!((report.open, report.cut), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_reports_what_it_cut() {
    let (app, begun) = (App::empty(), Arc::new(Notify::new()));
    let tell = Arc::clone(&begun);
    app.on(MessageType::RequestUri, move || {
        tell.notify_one();
        std::future::pending::<()>()
    });
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).listen(listener).unwrap();
    let handle = server.handle();
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let client = TcpClient::builder().connect_stream(connector.connect().await.unwrap());
    let call = tokio::spawn(client.request("u").timeout(Duration::from_secs(60)).into_future());
    within(begun.notified()).await;
    handle.shutdown();
    assert!(within(call).await.unwrap().unwrap_err().is_closed());
    assert_eq!(within(serving).await.unwrap().cut, 1);
}

#[tokio::test]
async fn a_lost_connection_is_restored_with_its_subscriptions() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    let server = within(TcpServer::builder(app.clone()).bind("127.0.0.1:0")).await.unwrap();
    let (addr, handle) = (server.local_addr().unwrap(), server.handle());
    let serving = tokio::spawn(server.run_until(std::future::pending()));
    let restored = Arc::new(Notify::new());
    let tell = Arc::clone(&restored);
    let policy = Reconnect::new().first_pause(Duration::from_millis(1)).hook(move |event| {
        if let ReconnectEvent::Restored { .. } = event {
            tell.notify_one();
        }
    });
    let client = within(TcpClient::builder().reconnect(policy).connect(addr)).await.unwrap();
    let mut news = within(client.subscribe("news")).await.unwrap();
    handle.shutdown();
    within(serving).await.unwrap();

    let server = within(TcpServer::builder(app).bind(addr)).await.unwrap();
    let endpoint = server.handle().endpoint();
    tokio::spawn(server.run_until(std::future::pending()));
    within(restored.notified()).await;
    within(async {
        while endpoint.subscribers("news") == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    endpoint.notify("news", "we are back").unwrap();
    assert_eq!(within(news.next()).await.unwrap().content(), b"we are back");
}

#[tokio::test]
async fn a_client_handler_may_make_calls_of_its_own() {
    let app = App::empty();
    app.on(MessageType::RequestUri, || "answer");
    app.on(MessageType::PublishUri, |peer: Connection| -> Result<(), ReplyError> {
        peer.send(Message::new(MessageType::NotifyUri, "go", "").unwrap())?;
        Ok(())
    });
    let served = Served::new(app, |server| server);
    let client = served.client(Layer::new()).await;
    let (caller, (tell, mut told)) = (client.clone(), tokio::sync::mpsc::channel(1));
    client.on(MessageType::NotifyUri, move || {
        let (caller, tell) = (caller.clone(), tell.clone());
        async move {
            let response = caller.request("u").await.unwrap();
            tell.send(response.text().into_owned()).await.unwrap();
        }
    });
    within(client.publish("u", "")).await.unwrap();
    assert_eq!(within(told.recv()).await.as_deref(), Some("answer"));
}

#[tokio::test]
async fn a_unix_socket_serves_like_any_other() {
    let path = std::env::temp_dir().join(format!("netaio-test-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let app = App::empty();
    app.on(MessageType::RequestUri, |transport: Transport| transport.to_string());
    let server = TcpServer::builder(app).bind_unix(&path).unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let name = format!("unix:{}", path.display());
    let client = within(TcpClient::builder().connect(name)).await.unwrap();
    assert_eq!(within(client.request("u")).await.unwrap().content(), "unix");
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn one_server_listens_on_ipv4_ipv6_and_both() {
    let app = App::empty();
    app.on(MessageType::RequestUri, |from: RemoteAddr| from.ip().unwrap().is_ipv4().to_string());
    let server = within(TcpServer::builder(app).bind("[::]:0")).await.unwrap();
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let server = within(server.bind("[::1]:0")).await.unwrap();
    let ports: Vec<_> = server.local_addrs().iter().map(|addr| addr.port()).collect();
    tokio::spawn(server.run_until(std::future::pending()));
    let targets = [
        (format!("127.0.0.1:{}", ports[0]), "true"),
        (format!("[::1]:{}", ports[0]), "false"),
        (format!("127.0.0.1:{}", ports[1]), "true"),
        (format!("[::1]:{}", ports[2]), "false"),
    ];
    for (target, is_ipv4) in targets {
        let client = within(TcpClient::builder().connect(target)).await.unwrap();
        assert_eq!(within(client.request("u")).await.unwrap().content(), is_ipv4);
    }
}

#[tokio::test]
async fn nobody_listening_is_an_error_that_names_the_server() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let error = within(TcpClient::builder().connect(addr)).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(error.to_string(), format!("can't connect to {addr}"));
}

#[test]
fn secrets_do_not_show() {
    let secret = "a marker that must not show";
    let layer = Layer::new().auth(HmacAuth::new(secret));
    let builder = TcpServer::builder(App::empty()).layer(layer.clone());
    let client = TcpClient::builder().layer(layer.clone());
    for text in [format!("{layer:?}"), format!("{builder:?}"), format!("{client:?}")] {
        assert!(!text.contains(secret), "{text}");
        assert!(!text.contains("key: ["), "{text}");
    }
}

#[tokio::test]
async fn a_peer_that_leaves_is_subscribed_no_more_and_nobody_else_is_touched() {
    let app = App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    app.on(MessageType::RequestUri, || "here");
    let served = Served::new(app, |server| server.manage_peers(PeerManagement::new()));
    let (leaving, staying) = (served.client(Layer::new()).await, served.client(Layer::new()).await);
    let news = within(leaving.subscribe("news")).await.unwrap();
    let other = within(staying.subscribe("news")).await.unwrap();
    let alice = PackifyPeers.pack(&Peer::new("alice"));
    for (kind, subscribers) in [(MessageType::AdvertisePeer, 2), (MessageType::Disconnect, 1)] {
        let message = Message::new(kind, "netaio", &alice).unwrap();
        within(leaving.send(message)).await.unwrap();
        // Answered in order: when this one is, the other has been dealt with.
        within(leaving.request("u")).await.unwrap();
        assert_eq!(served.handle.endpoint().subscribers("news"), subscribers, "{kind}");
    }
    drop((news, other));
}

/// A stream on which there is always one more message to read, and which counts them.
struct Endless(Bytes, Arc<AtomicUsize>);

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.1.fetch_add(1, Ordering::SeqCst) < 10_000 {
            buffer.put_slice(&self.0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Gives one connection.
struct One(Option<Endless>);

impl netaio::net::Listener for One {
    type Stream = Endless;

    async fn accept(&mut self) -> io::Result<(Endless, RemoteAddr)> {
        match self.0.take() {
            Some(stream) => Ok((stream, RemoteAddr::from(SocketAddr::from(([192, 0, 2, 1], 1))))),
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn who_sends_without_a_pause_does_not_hold_up_the_others_of_a_thread() {
    let app = App::empty();
    app.on(MessageType::RequestUri, || "here");
    let read = Arc::new(AtomicUsize::new(0));
    let request = Message::new(MessageType::RequestUri, "u", "").unwrap().encode().unwrap();
    let endless = One(Some(Endless(request, Arc::clone(&read))));
    let (listener, connector) = memory::network();
    let server = TcpServer::builder(app).listen(endless).unwrap().listen(listener);
    tokio::spawn(server.run_until(std::future::pending()));
    let stream = within(connector.connect()).await.unwrap();
    let client = TcpClient::builder().connect_stream(stream);
    within(client.request("u")).await.unwrap();
    let before = read.load(Ordering::SeqCst);
    assert!(before < 200, "{before} messages of another were read before the answer");
}

#[tokio::test]
async fn a_handle_that_is_kept_does_not_keep_a_connection_that_was_cut() {
    let (app, kept) = (App::empty(), Arc::<Mutex<Option<Connection>>>::default());
    let keep = Arc::clone(&kept);
    app.on(MessageType::RequestUri, move |connection: Connection| {
        *keep.lock().unwrap() = Some(connection);
    });
    let limits = Limits::default().idle_timeout(Duration::from_millis(10));
    let server = TcpServer::builder(app).limits(limits).bind("127.0.0.1:0").await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
    tokio::spawn(server.run_until(std::future::pending()));
    let request = Message::new(MessageType::RequestUri, "keep", "").unwrap();
    stream.write_all(&request.encode().unwrap()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = within(stream.read_to_end(&mut answer)).await;
    assert_eq!(answer.first(), Some(&MessageType::RespondUri.code()));
    assert!(kept.lock().unwrap().as_ref().is_some_and(Connection::is_closed));
}
