//! What rust-analyzer makes of the attributes: names lead to their definitions and can be renamed,
//! and a broken attribute costs no completion.

use std::{path::Path, process::Command};

use netaio_ui_tests::{editor::Editor, projects};
use serde_json::{Value, json};

/// A project that is open in an editor, and the text of its only file.
struct Session {
    editor: Editor,
    text: String,
}

#[test]
fn rust_analyzer_understands_the_attributes() {
    let installed = Command::new("rust-analyzer").arg("--version").output();
    if !installed.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI must have rust-analyzer");
        eprintln!("SKIPPED: no rust-analyzer; `rustup component add rust-analyzer` installs it");
        return;
    }
    let root = projects::folder().join("editor");
    let file = root.join("src/main.rs");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    let editor = Editor::open(projects::command("rust-analyzer", &target), &root, &file).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut session = Session { editor, text };

    names_lead_to_their_definitions(&mut session);
    a_key_is_renamed_everywhere(&mut session);
    a_broken_attribute_costs_no_completion(&mut session);
}

fn names_lead_to_their_definitions(session: &mut Session) {
    let cases = [
        ("auth = |admin)", "#[app(state = String, auth = [admin]"),
        ("uri = |ECHO", "const ECHO"),
        ("ChatTypes::|Say)", "Say = 50"),
        ("on(|ChatTypes", "pub enum ChatTypes"),
        ("types = |ChatTypes", "pub enum ChatTypes"),
        ("state = |String", "pub struct String"),
        ("[|create, echo", "async fn create"),
        ("on(|CreateUri", "CreateUri = 2"),
    ];
    for (place, definition) in cases {
        let asked = find(&session.text, place);
        let answer = session.editor.ask("textDocument/definition", asked, &json!({})).unwrap();
        let lines: Vec<String> = locations(&answer).iter().map(line_at).collect();
        let [line] = &lines[..] else { panic!("{place}: {lines:?}") };
        assert!(line.trim_start().starts_with(definition), "{place}: {line}");
    }
}

fn a_key_is_renamed_everywhere(session: &mut Session) {
    let place = find(&session.text, "auth = [|admin]");
    let more = json!({ "newName": "chief" });
    let answer = session.editor.ask("textDocument/rename", place, &more).unwrap();
    let documents = answer["documentChanges"].as_array().expect("changes");
    let edits = documents.iter().filter_map(|document| document["edits"].as_array()).flatten();
    let mut lines: Vec<&str> = edits
        .map(|edit| {
            let line = edit["range"]["start"]["line"].as_u64().expect("a line");
            let line = session.text.lines().nth(usize::try_from(line).expect("a small number"));
            line.unwrap_or_default().trim()
        })
        .collect();
    lines.sort();
    let expected = [
        "#[app(state = String, auth = [admin], types = ChatTypes)]",
        "#[on(CreateUri, auth = admin)]",
        ".bind_auth(App::admin, HmacAuth::new(\"secret\"))",
    ];
    assert_eq!(lines, expected);
}

fn a_broken_attribute_costs_no_completion(session: &mut Session) {
    for broken in ["#[on(CreateUri, auth = )]", "#[on(CreateUri, au)]", "#[on(Crea)]", "#[on]"] {
        let text = session.text.replace("#[on(CreateUri, auth = admin)]", broken);
        let text = text.replace("    together.push_str", "    together.pu;\n    together.push_str");
        session.editor.change(&text).unwrap();
        let place = find(&text, "together.pu|;");
        let answer = session.editor.ask("textDocument/completion", place, &json!({})).unwrap();
        let items = answer["items"].as_array().expect("a list of completions");
        let has = |name: &str| {
            items.iter().any(|item| item["label"].as_str().is_some_and(|l| l.starts_with(name)))
        };
        assert!(has("push_str"), "{broken}: {items:?}");
    }
}

/// The line and character of the `|` in a piece of the text.
fn find(text: &str, piece: &str) -> (usize, usize) {
    let (before, after) = piece.split_once('|').expect("a `|`");
    let at = text.find(&format!("{before}{after}")).expect("the piece") + before.len();
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    (text[..at].matches('\n').count(), at - line_start)
}

fn locations(answer: &Value) -> Vec<Value> {
    match answer {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The text of the line that a location names.
fn line_at(location: &Value) -> String {
    let file = location["uri"].as_str().and_then(|uri| uri.strip_prefix("file://"));
    let line =
        location["range"]["start"]["line"].as_u64().and_then(|line| usize::try_from(line).ok());
    let text = std::fs::read_to_string(file.expect("a file")).expect("a readable file");
    text.lines().nth(line.expect("a line")).unwrap_or_default().to_owned()
}
