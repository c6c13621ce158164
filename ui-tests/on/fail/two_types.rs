use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri, UpdateUri)]
async fn create() {}

fn main() {}
