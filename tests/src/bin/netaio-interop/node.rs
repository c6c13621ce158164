use netaio::{net::UdpHandle, plugin::Layer};
use serde_json::json;

use crate::driver::{Answer, Line, Obey, hex, reply, response, waited};

/// A UDP node that obeys.
pub(crate) struct Node {
    pub(crate) node: UdpHandle,
    pub(crate) inner: Layer,
}

impl Obey for Node {
    async fn obey(&self, line: &Line) -> Answer {
        let node = &self.node;
        let inner = if line.inner { self.inner.clone() } else { Layer::new() };
        let inside = node.with_layer(inner);
        if let Some(message_type) = line.call() {
            let call = inside.call(line.to()?, message_type?, line.uri()?);
            return response(call.content(line.content()?).timeout(line.timeout()).await);
        }
        if let Some(answer) = line.about_peers(&node.peers()) {
            return answer;
        }
        let sent = match line.op.as_str() {
            "send" => inside.send(line.to()?, line.message()?),
            "notify" => node.notify(line.uri()?, line.content()?).map(drop),
            "broadcast" => node.broadcast(line.message()?).map(drop),
            "multicast" => node.multicast(&line.message()?).map(drop),
            "next" => {
                let (message, from) = waited(line.timeout(), node.receive()).await?;
                let from = json!([from.ip().to_string(), from.port()]);
                return Ok(json!({ "reply": reply(&message), "from": from }));
            }
            "subscriptions" => {
                let subscriptions = node.subscriptions();
                let counted = subscriptions.iter().map(|(uri, count)| (hex(uri), json!(count)));
                let counted: serde_json::Map<_, _> = counted.collect();
                return Ok(json!({ "subscriptions": counted }));
            }
            "quit" => Ok(()),
            other => return Err(format!("unknown operation {other}")),
        };
        sent.map(|()| json!({})).map_err(|error| error.to_string())
    }
}
