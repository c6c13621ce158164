use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
fn create(content: &[u8]) -> Option<&u8> {
    content.first()
}

fn main() {}
