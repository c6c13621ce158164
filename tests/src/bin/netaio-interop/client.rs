use netaio::{net::client::ServerName, plugin::Layer, prelude::*};
use serde_json::json;

use crate::driver::{Answer, Line, Obey, reply, response, text, waited};

/// A client that obeys.
pub(crate) struct Client {
    pub(crate) client: TcpClient,
    /// The server of operations that name none.
    pub(crate) default: ServerName,
    pub(crate) inner: Layer,
}

impl Obey for Client {
    async fn obey(&self, line: &Line) -> Answer {
        let server = line.server.as_ref().map(|(host, port)| (host.as_str(), *port).into());
        let server: ServerName = server.unwrap_or_else(|| self.default.clone());
        let client = self.client.at(server.clone());
        let client = if line.inner { client.with_layer(self.inner.clone()) } else { client };
        if let Some(message_type) = line.call() {
            let call = client.call(message_type?, line.uri()?).content(line.content()?);
            return response(call.timeout(line.timeout()).await);
        }
        if let Some(answer) = line.about_peers(&client.peers()) {
            return answer;
        }
        match line.op.as_str() {
            "connect" => {
                let connected = client.connect_to(server).await;
                connected.map(|_| json!({})).map_err(|error| error.to_string())
            }
            "close" => {
                client.close().await;
                Ok(json!({}))
            }
            "send" => {
                let sent = client.send(line.message()?).await;
                sent.map(|()| json!({})).map_err(|error| text(&error))
            }
            "next" => {
                let message = waited(line.timeout(), client.receive()).await?;
                Ok(json!({ "reply": reply(&message) }))
            }
            "quit" => Ok(json!({})),
            other => Err(format!("unknown operation {other}")),
        }
    }
}
