use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create(_text: String, _uri: Uri) {}

fn main() {}
