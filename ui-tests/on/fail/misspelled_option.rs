use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri, timeuot = "2s")]
async fn create() {}

fn main() {}
