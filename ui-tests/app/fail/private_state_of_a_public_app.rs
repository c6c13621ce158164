use netaio::prelude::*;

struct Store;

#[app(state = Store)]
pub struct App;

fn main() {}
