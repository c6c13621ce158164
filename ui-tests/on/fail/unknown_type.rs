use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUrl)]
async fn create() {}

fn main() {}
