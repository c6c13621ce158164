use netaio::prelude::*;

#[app]
struct App;

const LIMIT: u64 = 2;

#[on(RequestUri, timeout = LIMIT)]
async fn read() {}

fn main() {}
