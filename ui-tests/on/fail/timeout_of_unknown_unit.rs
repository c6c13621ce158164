use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri, timeout = "2 seconds")]
async fn read() {}

fn main() {}
