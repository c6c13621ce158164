//! The Python original's client against our servers.

use std::path::Path;

use netaio::prelude::*;
use netaio_tests::{Process, example, python, script, within};

/// Runs a Python program to its end; it says DONE when all is well.
async fn passes(python: &Path, program: &str, port: u16, profile: &str) {
    let (program_path, port) = (script(program), port.to_string());
    let args = [program_path.as_os_str(), "127.0.0.1".as_ref(), port.as_ref(), profile.as_ref()];
    let mut client = Process::start(python, args);
    let mut last = String::new();
    while let Some(line) = client.line().await {
        last = line;
    }
    assert_eq!(last, "DONE", "the checks of {program} stopped here");
    assert!(client.succeeded().await);
}

#[tokio::test]
async fn the_original_readme_client_runs_against_the_crud_server() {
    let Some(python) = python() else { return };
    let mut server = Process::start(&example("crud_server"), ["--bind", "127.0.0.1:0"]);
    let port = server.port().await;
    passes(&python, "readme_client.py", port, "readme").await;
    passes(&python, "checks.py", port, "readme").await;
    assert!(server.terminate().await, "SIGTERM ends it in order");
}

#[tokio::test]
async fn the_interop_server_serves_the_original_client() {
    let Some(python) = python() else { return };
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    for profile in ["readme", "cipher", "two-layer"] {
        let args = ["server", "--host", "127.0.0.1", "--port", "0", "--profile", profile];
        let mut server = Process::start(interop, args);
        let port = server.port().await;
        passes(&python, "checks.py", port, profile).await;
        assert!(server.terminate().await, "SIGTERM ends it in order");
    }
}

#[tokio::test]
async fn a_killed_client_is_no_longer_subscribed() {
    let Some(python) = python() else { return };
    let app = netaio::App::empty();
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    let server = TcpServer::builder(app).auth(HmacAuth::new("test"));
    let server = within(server.bind("127.0.0.1:0")).await.unwrap();
    let (port, handle) = (server.local_addr().unwrap().port().to_string(), server.handle());
    let serving = tokio::spawn(server.run_until(std::future::pending()));

    let args = [script("subscriber.py").as_os_str().to_owned(), "127.0.0.1".into(), port.into()];
    let mut client = Process::start(&python, args);
    assert_eq!(client.line().await.as_deref(), Some("SUBSCRIBED"));
    assert_eq!(handle.endpoint().subscribers("news"), 1);
    client.kill().await;
    within(async {
        while handle.endpoint().subscribers("news") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(handle.endpoint().connections(), 0);
    handle.shutdown();
    assert_eq!(within(serving).await.unwrap().cut, 0);
}
