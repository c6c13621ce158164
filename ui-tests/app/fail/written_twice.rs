use netaio::prelude::*;

#[app(auth = [admin])]
#[app(state = u32)]
struct App;

fn main() {}
