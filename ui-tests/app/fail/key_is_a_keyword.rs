use netaio::prelude::*;

#[app(auth = [type])]
struct App;

fn main() {}
