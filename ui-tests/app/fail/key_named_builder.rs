use netaio::prelude::*;

#[app(auth = [builder])]
struct App;

fn main() {}
