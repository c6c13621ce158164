use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri, uri = 3)]
async fn read() {}

fn main() {}
