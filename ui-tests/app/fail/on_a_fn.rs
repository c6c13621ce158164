use netaio::prelude::*;

#[app]
fn app() {}

fn main() {}
