use netaio::prelude::*;

#[app]
struct App;

#[on(CREATE_URI)]
async fn create() {}

fn main() {}
