use netaio::prelude::*;

#[app(auth = [admin, reader, admin])]
struct App;

fn main() {}
