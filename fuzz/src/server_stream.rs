//! A whole connection to a server, byte for byte: nothing panics or hangs, answers are bounded, and
//! no handler runs without a credential.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use netaio::{
    App, MessageType, TcpServer,
    handler::{
        Connection, Endpoint,
        extract::{Content, Uri},
    },
    peer::PeerManagement,
    plugin::{HmacAuth, Layer, Proof, check},
};

use crate::input::answers;

fn app(called: &Arc<AtomicBool>) -> App {
    let app = App::empty();
    let called = || Arc::clone(called);
    let flag = called();
    app.on(MessageType::RequestUri, move |content: Content| {
        flag.store(true, Relaxed);
        content
    });
    let flag = called();
    app.on(MessageType::CreateUri, move |_: Uri| {
        let flag = Arc::clone(&flag);
        async move { flag.store(true, Relaxed) }
    });
    app.on(MessageType::SubscribeUri, |uri: Uri, connection: Connection| connection.subscribe(uri));
    app.on(MessageType::UnsubscribeUri, |uri: Uri, connection: Connection| {
        connection.unsubscribe(uri);
    });
    app.on(MessageType::PublishUri, |uri: Uri, endpoint: Endpoint, content: Content| {
        endpoint.notify(&uri, &content).map(drop)
    });
    let guard = Layer::new().auth(HmacAuth::new("an inner secret that nobody has").field("hmac2"));
    app.on_with(MessageType::DeleteUri, guard, || -> () { panic!("nobody has the secret") });
    app
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let called = Arc::new(AtomicBool::new(false));
    let builder = TcpServer::builder(app(&called)).manage_peers(PeerManagement::new());
    let secret = choice % 3 == 1;
    let builder = match choice % 3 {
        0 => builder,
        1 => builder.auth(HmacAuth::new("a secret that nobody has")),
        // So that what comes after authentication is reached.
        _ => builder.auth(check("anybody", |_, _, _| Ok(Proof::anonymous()))),
    };
    let answers = answers(builder, bytes);
    assert!(answers.len() <= 16 * bytes.len() + 1_024, "{} of {}", answers.len(), bytes.len());
    assert!(!(secret && called.load(Relaxed)), "a handler ran without a credential");
}
