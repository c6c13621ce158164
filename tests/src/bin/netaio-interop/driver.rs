//! Driver mode: a JSON object per line in, an answer per line out, all operations at the same time.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use netaio::{
    net::{
        Peers,
        client::{RequestError, Response},
    },
    peer::{Peer, PeerManagement},
    prelude::*,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    task::JoinSet,
    time::timeout,
};

/// What a driver asks for.
#[derive(Deserialize)]
pub(crate) struct Line {
    id: Json,
    pub(crate) op: String,
    #[serde(default)]
    uri: String,
    #[serde(default)]
    content: String,
    timeout: Option<f64>,
    every: Option<f64>,
    #[serde(default)]
    pub(crate) inner: bool,
    #[serde(rename = "type")]
    message_type: Option<u8>,
    app_id: Option<String>,
    pub(crate) server: Option<(String, u16)>,
    to: Option<(String, u16)>,
}

/// An answer's members beside its id, or the error's text.
pub(crate) type Answer = Result<Json, String>;

/// A program that a driver talks to.
pub(crate) trait Obey: Send + Sync + 'static {
    fn obey(&self, line: &Line) -> impl Future<Output = Answer> + Send;
}

/// Obeys lines until `quit` or the end of standard input.
pub(crate) async fn run(program: impl Obey) -> anyhow::Result<()> {
    let program = Arc::new(program);
    let mut lines = BufReader::new(stdin()).lines();
    let mut operations = JoinSet::new();
    while let Some(text) = lines.next_line().await? {
        let line: Line = match serde_json::from_str(&text) {
            Ok(line) => line,
            Err(error) => {
                eprintln!("netaio-interop: not a driver line: {error}");
                continue;
            }
        };
        let (program, quit) = (Arc::clone(&program), line.op == "quit");
        operations.spawn(async move { answer(&line.id, program.obey(&line).await) });
        while operations.try_join_next().is_some() {}
        if quit {
            break;
        }
    }
    // What has been asked is answered, as far as it can be at once.
    let _ = timeout(Duration::from_millis(200), operations.join_all()).await;
    Ok(())
}

fn answer(id: &Json, answer: Answer) {
    let line = match answer {
        Ok(mut members) => {
            members["id"] = id.clone();
            members["ok"] = true.into();
            members
        }
        Err(error) => json!({ "id": id, "ok": false, "error": error }),
    };
    println!("{line}");
}

impl Line {
    /// Returns the type of a call, if the operation is one.
    pub(crate) fn call(&self) -> Option<Result<MessageType, String>> {
        Some(Ok(match self.op.as_str() {
            "request" => MessageType::RequestUri,
            "create" => MessageType::CreateUri,
            "update" => MessageType::UpdateUri,
            "delete" => MessageType::DeleteUri,
            "call" => return Some(self.message_type()),
            _ => return None,
        }))
    }

    fn message_type(&self) -> Result<MessageType, String> {
        let code = self.message_type.ok_or("the operation needs a type")?;
        MessageType::from_code(code).ok_or_else(|| format!("{code} is not a message type"))
    }

    pub(crate) fn uri(&self) -> Result<Vec<u8>, String> {
        unhex(&self.uri)
    }

    pub(crate) fn content(&self) -> Result<Vec<u8>, String> {
        unhex(&self.content)
    }

    pub(crate) fn message(&self) -> Result<Message, String> {
        let message = Message::new(self.message_type()?, self.uri()?, self.content()?);
        message.map_err(|error| error.to_string())
    }

    /// Returns how long to wait; the original's default is 10 s.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout.unwrap_or(10.0))
    }

    pub(crate) fn to(&self) -> Result<SocketAddr, String> {
        let (host, port) = self.to.as_ref().ok_or("the operation needs `to`")?;
        let host = host.parse().map_err(|_| format!("{host} is no address"))?;
        Ok(SocketAddr::new(host, *port))
    }

    /// Obeys what is the same for all programs; `None` if it is something else.
    pub(crate) fn about_peers(&self, peers: &Peers) -> Option<Answer> {
        let app_id = match &self.app_id {
            Some(app_id) => unhex(app_id),
            None => Ok(b"netaio".to_vec()),
        };
        Some(match (self.op.as_str(), app_id) {
            ("manage_peers", Ok(app_id)) => {
                let mut management = PeerManagement::new().app_id(app_id);
                if let Some(every) = self.every {
                    management = management.every(Duration::from_secs_f64(every));
                }
                if let Some(timeout) = self.timeout {
                    management = management.timeout(Duration::from_secs_f64(timeout));
                }
                peers.manage(management);
                Ok(json!({}))
            }
            ("stop_peers", Ok(app_id)) => {
                peers.stop(app_id);
                Ok(json!({}))
            }
            ("peers", _) => {
                let peers: Vec<_> = peers.all().iter().map(|peer| described(peer)).collect();
                Ok(json!({ "peers": peers }))
            }
            ("manage_peers" | "stop_peers", Err(error)) => Err(error),
            _ => return None,
        })
    }
}

fn described(peer: &Peer) -> Json {
    let addrs = peer.addrs().iter().filter_map(|addr| addr.ip());
    let addrs: Vec<_> = addrs.map(|addr| json!([addr.ip().to_string(), addr.port()])).collect();
    json!({ "id": hex(peer.id()), "data": hex(peer.data()), "addrs": addrs })
}

/// Returns what a wait gave.
pub(crate) async fn waited<T>(
    wait: Duration,
    next: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, String> {
    match timeout(wait, next).await {
        Ok(next) => next.map_err(|error| text(&error)),
        Err(_) => Err("timeout".into()),
    }
}

pub(crate) fn response(response: Result<Response, RequestError>) -> Answer {
    let response = response.map_err(|error| text(&error))?;
    Ok(json!({ "reply": reply(&response.into_message()) }))
}

pub(crate) fn reply(message: &Message) -> Json {
    json!({
        "type": message.message_type().code(),
        "uri": hex(message.uri()),
        "content": hex(message.content()),
    })
}

/// Returns the text that the contract asks for.
pub(crate) fn text(error: &RequestError) -> String {
    if error.is_timeout() {
        "timeout".into()
    } else if error.is_closed() {
        format!("closed: {error}")
    } else {
        error.to_string()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let pairs = text.as_bytes().chunks(2);
    let digits = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or(""), 16);
    let bytes: Result<_, _> = pairs.map(digits).collect();
    bytes.map_err(|_| format!("not hex text: {text}"))
}
