use netaio::prelude::*;

#[app]
struct App {
    store: Vec<u8>,
}

fn main() {}
