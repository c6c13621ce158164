use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri, timeout = 2)]
async fn read() {}

fn main() {}
