//! UDP nodes with each other and with the original's, over loopback and in networks of their own.

use std::{net::SocketAddr, path::Path};

use netaio_tests::{Network, Process, example, python, script};
use serde_json::{Value, json};

const PROFILES: [&str; 6] =
    ["plain", "readme", "cipher", "two-layer", "tapescript-single", "tapescript-taproot"];

/// A node that obeys driver lines.
struct Node {
    process: Process,
    host: String,
    port: u16,
}

impl Node {
    async fn ready(mut process: Process, host: &str) -> Self {
        let line = process.line().await.expect("it says that it is ready");
        let port = line.split(' ').nth(2).and_then(|port| port.parse().ok());
        Self { process, host: host.into(), port: port.unwrap_or_else(|| panic!("{line}")) }
    }

    async fn ours(profile: &str, role: &str) -> Self {
        let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
        let args = ["udp", "--host", "127.0.0.1", "--port", "0", "--profile", profile];
        let process = Process::start(interop, args.into_iter().chain(["--role", role]));
        Self::ready(process, "127.0.0.1").await
    }

    async fn original(python: &Path, profile: &str, role: &str) -> Self {
        let program = script("udp_node.py");
        let program = program.to_str().expect("the path is text");
        let args = [program, "127.0.0.1", "0", profile, role];
        Self::ready(Process::start(python, args), "127.0.0.1").await
    }

    fn addr(&self) -> Value {
        json!([self.host, self.port])
    }

    async fn ask(&mut self, mut line: Value) -> Value {
        line["id"] = json!(1);
        self.process.say(&line.to_string()).await;
        let answer = self.process.line().await.expect("an answer");
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Calls another node and returns the type, uri and content of the answer.
    async fn call(&mut self, to: &Value, op: &str, uri: &str, content: &str, inner: bool) -> Value {
        let (uri, content) = (hex(uri), hex(content));
        let mut line = json!({ "op": op, "to": to, "uri": uri, "inner": inner });
        if op != "delete" {
            line["content"] = json!(content);
        }
        let answer = self.ask(line).await;
        assert_eq!(answer["ok"], json!(true), "{op}: {answer}");
        answer["reply"].clone()
    }

    /// Waits until the ids of the known peers are these; every question is answered, so this ends.
    async fn knows(&mut self, ids: &[&str]) {
        let mut expected: Vec<_> = ids.iter().map(|id| hex(id)).collect();
        expected.sort();
        let start = std::time::Instant::now();
        loop {
            let answer = self.ask(json!({ "op": "peers" })).await;
            let known = answer["peers"].as_array().expect("peers");
            let mut known: Vec<_> =
                known.iter().map(|peer| peer["id"].as_str().unwrap().to_owned()).collect();
            known.sort();
            if known == expected {
                return;
            }
            assert!(start.elapsed() < netaio_tests::DEADLINE, "{known:?} and not {expected:?}");
            // Nothing tells when a peer is heard of; the question is asked again after a breath.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn reply(code: u8, uri: &str, content: &str) -> Value {
    json!({ "type": code, "uri": hex(uri), "content": hex(content) })
}

/// Every verb of the sample application, guarded by the inner layer.
async fn check_verbs(asker: &mut Node, answerer: &Node) {
    let to = &answerer.addr();
    assert_eq!(asker.call(to, "request", "echo", "hi", false).await, reply(1, "echo", "hi"));
    let guarded = asker.call(to, "request", "guarded-echo", "hi", true).await;
    assert_eq!(guarded, reply(1, "guarded-echo", "hi"));
    assert_eq!(asker.call(to, "create", "u", "one", true).await, reply(10, "u", "stored"));
    let again = asker.call(to, "create", "u", "x", true).await;
    assert_eq!(again, reply(20, "u", "cannot overwrite"));
    assert_eq!(asker.call(to, "request", "u", "", false).await, reply(1, "u", "one"));
    assert_eq!(asker.call(to, "update", "u", "two", true).await, reply(10, "u", "stored"));
    assert_eq!(asker.call(to, "update", "v", "x", true).await, reply(24, "v", "not found"));
    assert_eq!(asker.call(to, "delete", "u", "", true).await, reply(10, "u", "deleted"));
    assert_eq!(asker.call(to, "request", "u", "", false).await, reply(24, "u", "not found"));
}

#[tokio::test]
async fn our_nodes_answer_each_other() {
    for profile in PROFILES {
        let mut client = Node::ours(profile, "client").await;
        let mut server = Node::ours(profile, "server").await;
        check_verbs(&mut client, &server).await;
        check_verbs(&mut server, &client).await;
        assert!(server.process.terminate().await, "SIGTERM ends it in order");
    }
}

#[tokio::test]
async fn our_nodes_and_the_original_s_answer_each_other() {
    let Some(python) = python() else { return };
    for profile in PROFILES {
        let mut ours = Node::ours(profile, "client").await;
        let mut original = Node::original(&python, profile, "server").await;
        check_verbs(&mut ours, &original).await;
        check_verbs(&mut original, &ours).await;

        // A one-time handler answers once, then the one behind it.
        let to = original.addr();
        assert_eq!(ours.call(&to, "request", "once", "", false).await, reply(1, "once", "once"));
        let after = ours.call(&to, "request", "once", "", false).await;
        assert_eq!(after, reply(24, "once", "not found"));

        // Ours subscribes to the original's, and hears of what it publishes.
        let line = json!({ "op": "call", "type": 5, "to": to, "uri": hex("news") });
        assert_eq!(ours.ask(line).await["reply"], reply(11, "news", ""));
        let line = json!({ "op": "notify", "uri": hex("news"), "content": hex("now") });
        assert_eq!(original.ask(line).await["ok"], json!(true));
        let heard = ours.ask(json!({ "op": "next" })).await;
        assert_eq!((&heard["reply"], &heard["from"]), (&reply(8, "news", "now"), &to));
    }
}

/// With keys of their own, which they learn from each other's peer data.
#[tokio::test]
async fn our_node_and_the_original_s_sign_and_seal_with_their_own_keys() {
    let Some(python) = python() else { return };
    let Some(network) = Network::new(2) else { return };
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    let args = ["udp", "--host", "0.0.0.0", "--port", "8888", "--profile", "asymmetric"];
    let ours = network.start(0, interop, args.into_iter().chain(["--role", "client"]));
    let program = script("udp_node.py");
    let program = program.to_str().expect("the path is text");
    let args = [program, "0.0.0.0", "8888", "asymmetric", "server"];
    let original = network.start(1, &python, args);
    let mut ours = Node::ready(ours, &network.addr(0)).await;
    let mut original = Node::ready(original, &network.addr(1)).await;
    for node in [&mut ours, &mut original] {
        let manage = json!({ "op": "manage_peers", "every": 1, "timeout": 30 });
        assert_eq!(node.ask(manage).await["ok"], json!(true));
    }
    ours.knows(&["server"]).await;
    original.knows(&["client"]).await;
    check_verbs(&mut ours, &original).await;
    check_verbs(&mut original, &ours).await;
}

#[tokio::test]
async fn a_wrong_secret_times_out_against_the_original() {
    let Some(python) = python() else { return };
    let original = Node::original(&python, "readme", "server").await;
    let mut stranger = Node::ours("cipher", "client").await;
    let line =
        json!({ "op": "request", "uri": hex("echo"), "to": original.addr(), "timeout": 0.5 });
    assert_eq!(stranger.ask(line).await["error"], json!("timeout"));
}

/// Starts a node on each host: ours on the first three, the original's on the others.
async fn hosts(network: &Network, python: &Path, roles: &[&str], profile: &str) -> Vec<Node> {
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    let program = script("udp_node.py");
    let mut nodes = Vec::new();
    for (host, role) in roles.iter().enumerate() {
        let process = if host < 3 {
            let args = ["udp", "--host", "0.0.0.0", "--port", "8888", "--profile", profile];
            network.start(host, interop, args.into_iter().chain(["--role", role]))
        } else {
            let program = program.to_str().expect("the path is text");
            network.start(host, python, [program, "0.0.0.0", "8888", profile, role])
        };
        nodes.push(Node::ready(process, &network.addr(host)).await);
    }
    nodes
}

/// Returns the roles of all hosts but one.
fn others<'a>(roles: &[&'a str], host: usize) -> Vec<&'a str> {
    let mut others = roles.to_vec();
    others.remove(host);
    others
}

/// Three of our nodes and two of the original's on hosts of their own, each in a network
/// namespace: they hear each other's multicasts, and notice when one leaves and when one dies.
#[tokio::test]
async fn nodes_on_several_hosts_find_each_other_by_multicast() {
    let Some(python) = python() else { return };
    let Some(network) = Network::new(5) else { return };
    for profile in ["plain", "readme", "two-layer"] {
        let roles = ["client1", "client2", "client3", "server1", "server2"];
        let mut nodes = hosts(&network, &python, &roles, profile).await;
        for node in &mut nodes {
            let manage = json!({ "op": "manage_peers", "every": 1, "timeout": 3 });
            assert_eq!(node.ask(manage).await["ok"], json!(true));
        }
        for (host, node) in nodes.iter_mut().enumerate() {
            node.knows(&others(&roles, host)).await;
        }
        // They speak to each other at the addresses that they found.
        let (ours, original) = (nodes[0].addr(), nodes[3].addr());
        let echoed = nodes[0].call(&original, "request", "echo", "a", false).await;
        assert_eq!(echoed, reply(1, "echo", "a"));
        let echoed = nodes[3].call(&ours, "request", "echo", "b", false).await;
        assert_eq!(echoed, reply(1, "echo", "b"));

        if profile == "readme" {
            check_silence_to_multicasts(&mut nodes).await;
        }

        // One of ours takes leave; one of the original's dies.
        let mut leaving = nodes.remove(2);
        assert!(leaving.process.terminate().await);
        let mut dying = nodes.remove(2);
        dying.process.kill().await;
        nodes[0].knows(&["client2", "server2"]).await;
        nodes[1].knows(&["client1", "server2"]).await;
        nodes[2].knows(&["client1", "client2"]).await;
        for node in &mut nodes {
            node.process.kill().await;
        }
    }
}

/// The example program, bound to one address and so without multicasts, finds the original's node by
/// its address alone, and hears it take leave.
#[tokio::test]
async fn the_example_finds_the_original_s_node_by_a_seed() {
    let Some(python) = python() else { return };
    let Some(network) = Network::new(2) else { return };
    for secret in [None, Some("test")] {
        let profile = if secret.is_some() { "readme" } else { "plain" };
        let program = script("udp_node.py");
        let program = program.to_str().expect("the path is text");
        let original = network.start(1, &python, [program, "0.0.0.0", "8888", profile, "server1"]);
        let mut original = Node::ready(original, &network.addr(1)).await;
        let manage = json!({ "op": "manage_peers", "every": 20, "timeout": 60 });
        assert_eq!(original.ask(manage).await["ok"], json!(true));

        let (bind, seed) =
            (format!("{}:8888", network.addr(0)), format!("{}:8888", network.addr(1)));
        let mut args = vec!["--bind", &bind, "--seed", &seed, "--id", "us"];
        args.extend(secret.into_iter().flat_map(|secret| ["--secret", secret]));
        let mut ours = network.start(0, &example("udp_node"), args);
        assert_eq!(ours.line().await, Some(format!("listening on {bind}")));
        assert_eq!(ours.line().await, Some(format!("discovered server1 at {seed}")));
        assert_eq!(ours.line().await, Some(format!("{seed} echoed \"hello\"")));
        original.knows(&["us"]).await;
        // Ours takes leave in order, and the original's forgets it.
        assert!(ours.terminate().await);
        original.knows(&[]).await;
        original.process.kill().await;
    }
}

#[tokio::test]
async fn the_example_nodes_greet_each_other_on_loopback() {
    let program = example("udp_node");
    let mut a = Process::start(&program, ["--bind", "127.0.0.1:0", "--id", "a"]);
    let line = a.line().await.expect("it listens");
    let addr = line.strip_prefix("listening on ").expect("an address").to_owned();
    let mut b = Process::start(&program, ["--bind", "127.0.0.1:0", "--id", "b", "--seed", &addr]);
    b.line().await.expect("it listens");
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.push(b.line().await.expect("a line"));
    }
    assert!(heard.contains(&format!("discovered a at {addr}")), "{heard:?}");
    assert!(heard.contains(&format!("{addr} echoed \"hello\"")), "{heard:?}");
    assert!(b.terminate().await);
    loop {
        let line = a.line().await.expect("a line");
        if line == "lost b" {
            break;
        }
    }
}

/// A fifth of all frames lost, some sent twice, all delayed and reordered: the same five nodes find
/// each other and lose one that is killed.
#[tokio::test]
async fn nodes_find_each_other_behind_a_bad_cable() {
    let Some(python) = python() else { return };
    let Some(network) = Network::lossy(5, 20, &python).await else { return };
    let roles = ["client1", "client2", "client3", "server1", "server2"];
    let mut nodes = hosts(&network, &python, &roles, "readme").await;
    for node in &mut nodes {
        let manage = json!({ "op": "manage_peers", "every": 1, "timeout": 6 });
        assert_eq!(node.ask(manage).await["ok"], json!(true));
    }
    for (host, node) in nodes.iter_mut().enumerate() {
        node.knows(&others(&roles, host)).await;
    }
    // One of the original's dies, then one of ours.
    let mut left = roles.to_vec();
    for dying in [4, 2] {
        nodes.remove(dying).process.kill().await;
        left.remove(dying);
        for (host, node) in nodes.iter_mut().enumerate() {
            node.knows(&others(&left, host)).await;
        }
    }
}

/// Nothing automatic answers a multicast: a DELETE without its inner layer is an AUTH_ERROR for the
/// one it is sent to, and none for a group.
async fn check_silence_to_multicasts(nodes: &mut [Node]) {
    let (ours, others) = nodes.split_first_mut().expect("nodes");
    let delete = |op: &str| json!({ "op": op, "type": 4, "uri": hex("x"), "content": "" });
    assert_eq!(ours.ask(delete("multicast")).await["ok"], json!(true));
    // What comes from the same host after this came after what the multicast caused.
    for other in &others[..2] {
        ours.call(&other.addr(), "request", "echo", "", false).await;
    }
    let next = json!({ "op": "next", "timeout": 0.3 });
    loop {
        let heard = ours.ask(next.clone()).await;
        if heard["ok"] == json!(false) {
            break;
        }
        let from = &heard["from"];
        assert!(others[..2].iter().all(|other| *from != other.addr()), "{heard}");
    }
    let mut send = delete("send");
    send["to"] = others[0].addr();
    assert_eq!(ours.ask(send).await["ok"], json!(true));
    let heard = ours.ask(json!({ "op": "next" })).await;
    assert_eq!((&heard["reply"]["type"], &heard["from"]), (&json!(23), &others[0].addr()));
}

/// IPv6: the group of the link, link-local addresses with a scope, and a dual-stack wildcard.
#[tokio::test]
async fn nodes_find_each_other_over_ipv6_alone() {
    let Some(network) = Network::new(3) else { return };
    let interop = Path::new(env!("CARGO_BIN_EXE_netaio-interop"));
    let mut nodes = Vec::new();
    for (host, role) in ["client1", "client2", "client3"].into_iter().enumerate() {
        network.drop_ipv4(host);
        let args = ["udp", "--host", "::", "--port", "8888", "--profile", "readme", "--role", role];
        nodes.push(Node::ready(network.start(host, interop, args), "::").await);
    }
    for node in &mut nodes {
        node.ask(json!({ "op": "manage_peers", "every": 1, "timeout": 3 })).await;
    }
    nodes[0].knows(&["client2", "client3"]).await;
    nodes[1].knows(&["client1", "client3"]).await;
    let answer = nodes[0].ask(json!({ "op": "peers" })).await;
    for peer in answer["peers"].as_array().expect("peers") {
        let addr: SocketAddr = peer["addrs"][0][0]
            .as_str()
            .map(|host| format!("[{host}]:{}", peer["addrs"][0][1]).parse().unwrap())
            .unwrap();
        assert!(matches!(addr, SocketAddr::V6(addr) if addr.ip().is_unicast_link_local()));
    }
    // The scope comes with the peer's address, so a broadcast reaches it.
    let line = json!({ "op": "broadcast", "type": 8, "uri": hex("news"), "content": hex("six") });
    assert_eq!(nodes[0].ask(line).await["ok"], json!(true));
    let mut heard = nodes[1].ask(json!({ "op": "next" })).await;
    while heard["reply"]["type"] == json!(9) {
        // Another node was quicker to manage its peers than this one.
        heard = nodes[1].ask(json!({ "op": "next" })).await;
    }
    assert_eq!(heard["reply"], reply(8, "news", "six"));
}
