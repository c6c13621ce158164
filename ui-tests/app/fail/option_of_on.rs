use netaio::prelude::*;

#[app(uri = "echo")]
struct App;

fn main() {}
