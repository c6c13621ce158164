use netaio::prelude::*;

#[app]
struct App;

#[once(RequestUri)]
const PAIR: u32 = 3;

fn main() {}
