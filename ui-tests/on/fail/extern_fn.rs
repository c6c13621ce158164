use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
extern "C" fn create() {}

fn main() {}
