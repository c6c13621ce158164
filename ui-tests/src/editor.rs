//! A client of the language server protocol, just large enough to ask rust-analyzer.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// How long an answer may take; the first waits for the project to be built.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running server with one open file.
#[derive(Debug)]
pub struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    uri: String,
    requests: u32,
    version: u32,
}

impl Editor {
    /// Starts the server on the project in `root`, opens `file` and waits until all is loaded.
    ///
    /// # Errors
    ///
    /// Returns an error when the server does not start or does not answer in time.
    pub fn open(mut command: Command, root: &Path, file: &Path) -> io::Result<Self> {
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = server.stdin.take().ok_or_else(|| io::Error::other("no standard input"))?;
        let output = server.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Ok(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let uri = format!("file://{}", file.display());
        let mut editor = Self { server, input, messages, uri, requests: 0, version: 0 };
        editor.request(
            "initialize",
            &json!({
                "processId": null,
                "rootUri": format!("file://{}", root.display()),
                "capabilities": {
                    "textDocument": { "diagnostic": {} },
                    "workspace": { "workspaceEdit": { "documentChanges": true } },
                    "experimental": { "serverStatusNotification": true },
                },
                "initializationOptions": {
                    "checkOnSave": false,
                    "cachePriming": { "enable": false },
                },
            }),
        )?;
        editor.notify("initialized", &json!({}))?;
        let text = std::fs::read_to_string(file)?;
        let document = json!({
            "uri": editor.uri, "languageId": "rust", "version": 0, "text": text,
        });
        editor.notify("textDocument/didOpen", &json!({ "textDocument": document }))?;
        loop {
            let message = editor.receive()?;
            if message["params"]["quiescent"] == true {
                return Ok(editor);
            }
        }
    }

    /// Replaces the text of the open file, as typing does.
    ///
    /// # Errors
    ///
    /// Returns an error when the server is gone.
    pub fn change(&mut self, text: &str) -> io::Result<()> {
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        )
    }

    /// Asks about the open file, `more` being the rest of the question.
    ///
    /// # Errors
    ///
    /// Returns an error when the server is gone, does not answer in time, or answers with one.
    pub fn ask(&mut self, method: &str, mut more: Value) -> io::Result<Value> {
        more["textDocument"] = json!({ "uri": self.uri });
        self.request(&format!("textDocument/{method}"), &more)
    }

    fn request(&mut self, method: &str, params: &Value) -> io::Result<Value> {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let mut message = self.receive()?;
            if message["id"] != id || message.get("method").is_some() {
                continue;
            }
            return match message.get("error") {
                Some(error) => Err(io::Error::other(format!("{method}: {error}"))),
                None => Ok(message["result"].take()),
            };
        }
    }

    fn notify(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())?;
        self.input.flush()
    }

    /// Takes the next message; requests of the server are agreed to.
    fn receive(&mut self) -> io::Result<Value> {
        let message = self.messages.recv_timeout(PATIENCE).map_err(io::Error::other)?;
        if message.get("method").is_some() && message.get("id").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
        }
        Ok(message)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It may be gone already, and there is nobody to tell.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(output: &mut impl BufRead) -> io::Result<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().map_err(io::Error::other)?;
        }
    }
    let mut body = Vec::new();
    output.take(length).read_to_end(&mut body)?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}
