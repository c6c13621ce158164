use netaio::prelude::*;

#[app]
struct App;

#[app]
struct App;

fn main() {}
