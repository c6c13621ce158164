//! Every mistake of the configuration at once, with the places of both handlers.
use netaio::prelude::*;

#[app(state = String, auth = [admin], cipher = [sealed])]
struct App;

#[on(RequestUri, uri = "u")]
async fn first() {}

#[on(RequestUri, uri = "u")]
async fn second() {}

fn main() {
    let error = App::builder().build().unwrap_err();
    assert_eq!(error.problems().len(), 4);
    let text = error.to_string();
    for part in ["first", "second", "build_reports_everything.rs:7", "admin", "sealed", "state"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}
