use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
struct Create;

fn main() {}
