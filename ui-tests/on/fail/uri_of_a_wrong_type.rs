use netaio::prelude::*;

#[app]
struct App;

const LIMIT: u32 = 3;

#[on(RequestUri, uri = LIMIT)]
async fn read() {}

fn main() {}
