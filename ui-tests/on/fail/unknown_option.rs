use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri, url = "prices")]
async fn create() {}

fn main() {}
