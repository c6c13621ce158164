use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create(_content: Content, _uri: Uri) {}

fn main() {}
