use netaio::prelude::*;

#[app]
struct App<T>(T);

fn main() {}
