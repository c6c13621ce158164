//! The programs of this project with each other.

use std::path::Path;

use netaio_tests::{Process, example};
use serde_json::{Value, json};

fn interop() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_netaio-interop"))
}

#[tokio::test]
async fn the_crud_client_runs_its_scenario_against_the_crud_server() {
    for auth in [None, Some("--no-auth")] {
        let args = ["--bind", "127.0.0.1:0"].into_iter().chain(auth);
        let mut server = Process::start(&example("crud_server"), args);
        let addr = format!("127.0.0.1:{}", server.port().await);
        let args = ["--server", &addr].into_iter().chain(auth);
        let mut client = Process::start(&example("crud_client"), args);
        let mut lines = Vec::new();
        while let Some(line) = client.line().await {
            lines.push(line.trim().to_owned());
        }
        assert!(client.succeeded().await, "{lines:?}");
        let expected = [
            "echo: RESPOND_URI \"test\"",
            "create: OK \"stored\"",
            "read: RESPOND_URI \"testing it\"",
            "update: OK \"stored\"",
            "notified: NOTIFY_URI \"testing it again\"",
            "read: RESPOND_URI \"testing it again\"",
            "delete: OK \"deleted\"",
            "read: NOT_FOUND \"not found\"",
        ];
        assert_eq!(lines, expected);
        assert!(server.terminate().await);
    }
}

#[tokio::test]
async fn the_demo_needs_nothing() {
    let none: [&str; 0] = [];
    let mut demo = Process::start(&example("crud_demo"), none);
    let mut last = None;
    while let Some(line) = demo.line().await {
        last = Some(line);
    }
    assert_eq!(last.as_deref(), Some("served and stopped"));
    assert!(demo.succeeded().await);
}

#[tokio::test]
async fn the_tls_demo_knows_its_client() {
    let none: [&str; 0] = [];
    let mut demo = Process::start(&example("tls_demo"), none);
    let line = demo.line().await.expect("a greeting");
    assert!(line.starts_with("hello world, with your certificate of"), "{line}");
    assert!(demo.succeeded().await);
}

/// Sends a driver line and returns the answer to it.
async fn ask(client: &mut Process, line: Value) -> Value {
    client.say(&line.to_string()).await;
    let answer = client.line().await.expect("an answer");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["id"], line["id"]);
    answer
}

#[tokio::test]
async fn the_interop_client_obeys_driver_lines() {
    for profile in ["plain", "readme", "cipher", "two-layer"] {
        let args = ["server", "--port", "0", "--profile", profile];
        let mut server = Process::start(interop(), args);
        let port = server.port().await.to_string();
        let mut client =
            Process::start(interop(), ["client", "--port", &port, "--profile", profile]);
        let answer = ask(&mut client, json!({ "id": 1, "op": "connect" })).await;
        assert_eq!(answer, json!({ "id": 1, "ok": true }));

        let echo = json!({ "id": 2, "op": "request", "uri": "6563686f", "content": "74657374" });
        let reply = json!({ "type": 1, "uri": "6563686f", "content": "74657374" });
        assert_eq!(ask(&mut client, echo).await["reply"], reply);

        let create =
            json!({ "id": 3, "op": "create", "uri": "75", "content": "76", "inner": true });
        assert_eq!(ask(&mut client, create).await["reply"]["type"], 10);

        let subscribe = json!({ "id": 4, "op": "call", "type": 5, "uri": "75" });
        let answer = ask(&mut client, subscribe).await;
        assert_eq!(answer["reply"]["type"], 11);
        let publish = json!({ "id": 5, "op": "call", "type": 7, "uri": "75", "content": "6e" });
        assert_eq!(ask(&mut client, publish).await["reply"]["type"], 10);
        let next = json!({ "id": 6, "op": "next", "timeout": 10 });
        let notified = json!({ "type": 8, "uri": "75", "content": "6e" });
        assert_eq!(ask(&mut client, next).await["reply"], notified);

        let nothing = json!({ "id": 7, "op": "next", "timeout": 0.01 });
        assert_eq!(ask(&mut client, nothing).await["error"], "timeout");

        server.kill().await;
        let gone = json!({ "id": 8, "op": "request", "uri": "75" });
        let error = ask(&mut client, gone).await["error"].as_str().unwrap().to_owned();
        assert!(error.starts_with("closed"), "{error}");
        ask(&mut client, json!({ "id": 9, "op": "quit" })).await;
        assert!(client.succeeded().await);
    }
}

#[tokio::test]
async fn a_profile_that_is_missing_is_named() {
    let args = ["server", "--port", "0", "--profile", "no-such-profile"];
    let mut server = Process::start(interop(), args);
    assert_eq!(server.line().await, None);
    assert!(!server.succeeded().await);
}
