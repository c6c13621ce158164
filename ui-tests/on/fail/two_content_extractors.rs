use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create(_content: Content, _message: Message) {}

fn main() {}
