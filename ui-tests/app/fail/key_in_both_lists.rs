use netaio::prelude::*;

#[app(auth = [admin], cipher = [admin])]
struct App;

fn main() {}
