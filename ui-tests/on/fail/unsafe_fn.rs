use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async unsafe fn create() {}

fn main() {}
