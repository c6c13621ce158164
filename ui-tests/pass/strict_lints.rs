//! Everything that is generated keeps to strict lints.
#![deny(missing_docs, dead_code, unused, missing_debug_implementations, unreachable_pub)]

use netaio::prelude::*;

/// The app.
#[app]
#[derive(Debug)]
pub struct App;

/// The types.
#[message_types]
#[derive(Debug)]
pub enum Types {
    /// Says something.
    Say = 31,
}

/// Reads.
#[on(RequestUri)]
pub async fn read(uri: Uri) -> Uri {
    uri
}

fn main() {
    App::builder().build().unwrap();
    let _ = Types::Say;
}
