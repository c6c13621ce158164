use netaio::prelude::*;

#[app]
struct App;

#[on("CreateUri")]
async fn create() {}

fn main() {}
