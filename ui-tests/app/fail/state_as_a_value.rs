use netaio::prelude::*;

struct Store;

impl Store {
    fn new() -> Store {
        Store
    }
}

#[app(state = Store::new())]
struct App;

fn main() {}
