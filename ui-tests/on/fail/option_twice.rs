use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri, uri = "a", uri = "b")]
async fn create() {}

fn main() {}
