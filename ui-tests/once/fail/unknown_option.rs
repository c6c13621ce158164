use netaio::prelude::*;

#[app]
struct App;

#[once(RequestUri, name = "pair")]
async fn pair() {}

fn main() {}
