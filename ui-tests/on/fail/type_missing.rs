use netaio::prelude::*;

#[app]
struct App;

#[on(uri = "prices")]
async fn create() {}

fn main() {}
