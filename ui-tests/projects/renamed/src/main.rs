//! The dependency has another name in `Cargo.toml`, and every lint that we can think of is denied.
#![deny(missing_docs, dead_code, unused, clippy::all, clippy::pedantic, rust_2018_idioms)]
#![deny(missing_debug_implementations, unreachable_pub, unnameable_types, unused_qualifications)]
#![deny(single_use_lifetimes, trivial_casts, trivial_numeric_casts, let_underscore_drop)]
#![forbid(unsafe_code)]

use wire::prelude::*;

/// The app.
#[app(crate = wire, auth = [admin], types = Types)]
struct App;

/// Its types.
#[message_types(crate = wire)]
#[derive(Debug, Clone, Copy)]
enum Types {
    /// Says something.
    Say = 50,
    /// Shows that a type may have several words.
    SayAloud = 51,
}

/// Needs no await, and takes its arguments by value as all handlers do.
#[on(CreateUri, auth = admin, crate = wire)]
async fn create(uri: Uri, State(()): State<()>, content: Content) -> Result<String, ReplyError> {
    if content.is_empty() { Err(ReplyError::error("empty")) } else { Ok(uri.to_string()) }
}

#[on(Types::Say, crate = wire, timeout = "2s")]
fn say(content: Content) -> Content {
    content
}

#[once(Types::SayAloud, crate = wire)]
async fn say_aloud() {}

fn main() {
    let app = App::builder()
        .bind_auth(App::admin, HmacAuth::new("secret").field("inner"))
        .mount(handlers![crate = wire, create, say, say_aloud])
        .build();
    assert_eq!(app.map(|app| app.routes().len()).ok(), Some(3));
    assert_eq!(Types::try_from(51).map(|ty| ty.to_string()).ok().as_deref(), Some("SayAloud"));
}
