use netaio::prelude::*;

#[app]
struct App;

struct Price(u32);

#[on(RequestUri)]
fn price() -> Price {
    Price(3)
}

fn main() {}
