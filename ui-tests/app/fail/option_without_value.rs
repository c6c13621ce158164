use netaio::prelude::*;

#[app(state, auth = [admin])]
struct App;

fn main() {}
