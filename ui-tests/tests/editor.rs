//! What rust-analyzer makes of the attributes: names lead to their definitions and can be renamed,
//! and a broken attribute costs neither completion nor more than its own message.

use std::process::Command;

use netaio_ui_tests::{editor::Editor, projects};
use serde_json::{Value, json};

/// A broken attribute for `create`, what it breaks, and the word that is underlined.
const BROKEN: [(&str, &str, &str); 5] = [
    ("#[on(CreateUri, auth = )]", "`auth` needs a value: write `auth = admin`", "="),
    ("#[on(CreateUri, au)]", "unknown option `au`; did you mean `auth`?", "au"),
    ("#[on(CreateUri, auth)]", "`auth` needs a value: write `auth = admin`", "auth"),
    ("#[on(Crea)]", "did you mean `CreateUri`?", "Crea"),
    ("#[on()]", "a handler names the message type it answers", "on()"),
];

/// The project of `projects/editor`, open in an editor, and the text of its only file.
struct Session {
    editor: Editor,
    text: String,
}

fn rust_analyzer() -> Command {
    projects::command("rust-analyzer", env!("CARGO_TARGET_TMPDIR"))
}

#[test]
fn rust_analyzer_understands_the_attributes() {
    let root = projects::folder().join("editor");
    let file = root.join("src/main.rs");
    let editor = Editor::open(rust_analyzer(), &root, &file)
        .expect("rust-analyzer, which `rustup component add rust-analyzer rust-src` installs");
    let text = std::fs::read_to_string(file).unwrap();
    let mut session = Session { editor, text };

    names_lead_to_their_definitions(&mut session);
    names_are_renamed_everywhere(&mut session);
    a_broken_attribute_costs_no_completion(&mut session);
    a_broken_attribute_is_one_message(&mut session);
}

#[test]
fn rust_analyzer_finds_no_error() {
    let mut command = rust_analyzer();
    command.args(["diagnostics", "."]);
    let (success, output) = projects::run(command);
    assert!(success && output.contains("diagnostic scan complete"), "{output}");
}

fn names_lead_to_their_definitions(session: &mut Session) {
    let cases = [
        ("auth = |admin,", "#[app(state = String, auth = [admin]"),
        ("uri = |ECHO", "const ECHO"),
        ("timeout = |LIMIT", "const LIMIT"),
        ("app = crate::|App", "struct App"),
        ("ChatTypes::|Say,", "Say = 50"),
        ("on(|ChatTypes", "pub enum ChatTypes"),
        ("types = |ChatTypes", "pub enum ChatTypes"),
        ("state = |String", "pub struct String"),
        ("[|create, echo", "async fn create"),
        ("on(|CreateUri", "CreateUri = 2"),
    ];
    for (place, definition) in cases {
        let answer = session.editor.ask("definition", position(&session.text, place)).unwrap();
        let lines: Vec<String> = locations(&answer).iter().map(line_at).collect();
        let [line] = &lines[..] else { panic!("{place}: {lines:?}") };
        assert!(line.trim_start().starts_with(definition), "{place}: {line}");
    }
}

fn names_are_renamed_everywhere(session: &mut Session) {
    let key = [
        "#[app(state = String, auth = [admin], types = ChatTypes)]",
        "#[on(CreateUri, auth = admin, app = crate::App)]",
        ".bind_auth(App::admin, HmacAuth::new(\"secret\"))",
    ];
    let say = ["#[on(ChatTypes::Say, timeout = LIMIT)]", "Say = 50,"];
    let echo = ["#[on(RequestUri, uri = ECHO)]", "const ECHO: &str = \"echo\";"];
    let cases = [
        ("auth = [|admin]", &key[..]),
        ("CreateUri, auth = |admin", &key),
        ("|Say = 50", &say),
        ("ChatTypes::|Say", &say),
        ("uri = |ECHO", &echo),
    ];
    for (place, expected) in cases {
        let mut question = position(&session.text, place);
        question["newName"] = json!("renamed");
        let answer = session.editor.ask("rename", question).unwrap();
        let documents = answer["documentChanges"].as_array().expect("changes");
        let edits = documents.iter().filter_map(|document| document["edits"].as_array()).flatten();
        let mut lines: Vec<&str> = edits.map(|edit| line_of(&session.text, edit).trim()).collect();
        lines.sort();
        assert_eq!(lines, expected, "{place}");
    }
}

fn a_broken_attribute_costs_no_completion(session: &mut Session) {
    for (broken, ..) in BROKEN {
        let text = with_attribute(&session.text, broken);
        let text = text.replace("    together.push_str", "    together.pu;\n    together.push_str");
        session.editor.change(&text).unwrap();
        let answer = session.editor.ask("completion", position(&text, "together.pu|;")).unwrap();
        let items = answer["items"].as_array().expect("a list of completions");
        let has = |name: &str| {
            items.iter().any(|item| item["label"].as_str().is_some_and(|l| l.starts_with(name)))
        };
        assert!(has("push_str"), "{broken}: {items:?}");
    }
}

fn a_broken_attribute_is_one_message(session: &mut Session) {
    for (broken, message, guilty) in BROKEN {
        let text = with_attribute(&session.text, broken);
        session.editor.change(&text).unwrap();
        let answer = session.editor.ask("diagnostic", json!({})).unwrap();
        let items = answer["items"].as_array().expect("a list of diagnostics");
        let [item] = &items[..] else { panic!("{broken}: {items:?}") };
        let said = item["message"].as_str().unwrap_or_default();
        assert!(said.contains(message), "{broken}: {said}");
        let edge = |edge: &str| item["range"][edge]["character"].as_u64().expect("a number");
        let (start, end) = (edge("start").try_into().unwrap(), edge("end").try_into().unwrap());
        let underlined: &str = &line_of(&text, item)[start..end];
        assert_eq!(underlined, guilty, "{broken}");
    }
}

/// The text with another attribute above `create`.
fn with_attribute(text: &str, attribute: &str) -> String {
    text.replace("#[on(CreateUri, auth = admin, app = crate::App)]", attribute)
}

/// The question about the `|` in a piece of the text.
fn position(text: &str, piece: &str) -> Value {
    let (before, after) = piece.split_once('|').expect("a `|`");
    let at = text.find(&format!("{before}{after}")).expect("the piece") + before.len();
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[..at].matches('\n').count();
    json!({ "position": { "line": line, "character": at - line_start } })
}

fn locations(answer: &Value) -> Vec<Value> {
    match answer {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The text of the line that a location in any file names.
fn line_at(location: &Value) -> String {
    let file = location["uri"].as_str().and_then(|uri| uri.strip_prefix("file://"));
    let text = std::fs::read_to_string(file.expect("a file")).expect("a readable file");
    line_of(&text, location).to_owned()
}

/// The line that something with a `range` begins in.
fn line_of<'t>(text: &'t str, ranged: &Value) -> &'t str {
    let line =
        ranged["range"]["start"]["line"].as_u64().and_then(|line| usize::try_from(line).ok());
    text.lines().nth(line.expect("a line")).unwrap_or_default()
}
