use netaio::prelude::*;

#[app]
enum App {}

fn main() {}
