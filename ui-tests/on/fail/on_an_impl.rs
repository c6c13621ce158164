use netaio::prelude::*;

#[app]
struct App;

struct Create;

#[on(CreateUri)]
impl Create {}

fn main() {}
