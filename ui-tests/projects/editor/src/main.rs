//! A small app with a name of each kind in its attributes.

use netaio::prelude::*;
use std::time::Duration;

/// The app.
#[app(state = String, auth = [admin], types = ChatTypes)]
struct App;

/// What chatters say.
#[message_types]
pub enum ChatTypes {
    /// Something.
    Say = 50,
}

const ECHO: &str = "echo";
const LIMIT: Duration = Duration::from_secs(2);

/// Creates.
#[on(CreateUri, auth = admin, app = crate::App)]
async fn create(State(state): State<String>, content: Content) -> String {
    let mut together = state;
    together.push_str(&content.to_string_lossy());
    together
}

/// Echoes.
#[on(RequestUri, uri = ECHO)]
async fn echo(content: Content) -> Content {
    content
}

/// Says.
#[on(ChatTypes::Say, timeout = LIMIT)]
async fn say() {}

fn main() {
    let app = App::builder()
        .state(String::new())
        .bind_auth(App::admin, HmacAuth::new("secret"))
        .mount(handlers![create, echo]);
    assert_eq!(app.build().map(|app| app.routes().len()).ok(), Some(3));
}
