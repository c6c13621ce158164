use netaio::prelude::*;

#[app(sate = u32)]
struct App;

fn main() {}
