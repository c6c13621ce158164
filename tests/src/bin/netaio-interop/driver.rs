//! Driver mode: a JSON object per line in, an answer per line out, all operations at the same time.

use std::time::Duration;

use netaio::{
    net::client::{Call, RequestError, Response, ServerName},
    plugin::Layer,
    prelude::*,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    task::JoinSet,
    time::timeout,
};

#[derive(Deserialize)]
struct Line {
    id: Json,
    op: String,
    #[serde(default)]
    uri: String,
    #[serde(default)]
    content: String,
    timeout: Option<f64>,
    #[serde(default)]
    inner: bool,
    #[serde(rename = "type")]
    message_type: Option<u8>,
    server: Option<(String, u16)>,
}

/// An answer's members beside its id, or the error's text.
type Answer = Result<Json, String>;

struct Driver {
    client: TcpClient,
    default: ServerName,
    inner: Layer,
}

/// Obeys lines until `quit` or the end of standard input.
pub(crate) async fn run(
    client: TcpClient,
    (host, port): (String, u16),
    inner: Layer,
) -> anyhow::Result<()> {
    let driver = std::sync::Arc::new(Driver { client, default: (&*host, port).into(), inner });
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
        let (id, quit) = (line.id.clone(), line.op == "quit");
        let driver = std::sync::Arc::clone(&driver);
        operations.spawn(async move { answer(&id, driver.obey(line).await) });
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

impl Driver {
    async fn obey(&self, line: Line) -> Answer {
        let server = self.server(&line);
        match line.op.as_str() {
            "connect" => {
                let connected = self.client.connect_to(server).await;
                connected.map(|_| json!({})).map_err(|error| error.to_string())
            }
            "close" => {
                self.client.at(server).close().await;
                Ok(json!({}))
            }
            "request" => self.call(&line, MessageType::RequestUri).await,
            "create" => self.call(&line, MessageType::CreateUri).await,
            "update" => self.call(&line, MessageType::UpdateUri).await,
            "delete" => self.call(&line, MessageType::DeleteUri).await,
            "call" => self.call(&line, message_type(&line)?).await,
            "send" => {
                let (uri, content) = (unhex(&line.uri)?, unhex(&line.content)?);
                let message = Message::new(message_type(&line)?, uri, content);
                let message = message.map_err(|error| error.to_string())?;
                let sent = self.handle(&line).send(message).await;
                sent.map(|()| json!({})).map_err(|error| text(&error))
            }
            "next" => {
                let wait = Duration::from_secs_f64(line.timeout.unwrap_or(10.0));
                match timeout(wait, self.client.receive()).await {
                    Ok(Ok(message)) => Ok(json!({ "reply": reply(&message) })),
                    Ok(Err(error)) => Err(text(&error)),
                    Err(_) => Err("timeout".into()),
                }
            }
            "quit" => Ok(json!({})),
            "manage_peers" | "stop_peers" | "peers" => {
                Err("peer management is not available yet".into())
            }
            other => Err(format!("unknown operation {other}")),
        }
    }

    fn server(&self, line: &Line) -> ServerName {
        let named = line.server.as_ref();
        named.map_or_else(|| self.default.clone(), |(host, port)| (host.as_str(), *port).into())
    }

    fn handle(&self, line: &Line) -> TcpClient {
        let client = self.client.at(self.server(line));
        if line.inner { client.with_layer(self.inner.clone()) } else { client }
    }

    async fn call(&self, line: &Line, message_type: MessageType) -> Answer {
        let call: Call = self.handle(line).call(message_type, unhex(&line.uri)?);
        let call = call.content(unhex(&line.content)?);
        let call = match line.timeout {
            Some(seconds) => call.timeout(Duration::from_secs_f64(seconds)),
            None => call,
        };
        let response: Response = call.await.map_err(|error| text(&error))?;
        Ok(json!({ "reply": reply(&response.into_message()) }))
    }
}

fn reply(message: &Message) -> Json {
    json!({
        "type": message.message_type().code(),
        "uri": hex(message.uri()),
        "content": hex(message.content()),
    })
}

/// Returns the text that the contract asks for.
fn text(error: &RequestError) -> String {
    if error.is_timeout() {
        "timeout".into()
    } else if error.is_closed() {
        format!("closed: {error}")
    } else {
        error.to_string()
    }
}

fn message_type(line: &Line) -> Result<MessageType, String> {
    let code = line.message_type.ok_or("the operation needs a type")?;
    MessageType::from_code(code).ok_or_else(|| format!("{code} is not a message type"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let pairs = text.as_bytes().chunks(2);
    let digits = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap_or(""), 16);
    let bytes: Result<_, _> = pairs.map(digits).collect();
    bytes.map_err(|_| format!("not hex text: {text}"))
}
