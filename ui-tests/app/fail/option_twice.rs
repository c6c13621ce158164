use netaio::prelude::*;

#[app(state = u32, state = u64)]
struct App;

fn main() {}
