use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri, state = u32)]
async fn create() {}

fn main() {}
