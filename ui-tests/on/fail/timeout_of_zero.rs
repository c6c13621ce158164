use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri, timeout = "0s")]
async fn read() {}

fn main() {}
