use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
fn create(_uri: &Uri, _connection: Connection, _content: &[u8]) {}

fn main() {}
