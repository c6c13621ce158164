use netaio::prelude::*;

#[app]
struct App;

#[on(2)]
async fn create() {}

fn main() {}
