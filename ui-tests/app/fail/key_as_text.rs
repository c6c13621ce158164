use netaio::prelude::*;

#[app(auth = ["admin"])]
struct App;

fn main() {}
