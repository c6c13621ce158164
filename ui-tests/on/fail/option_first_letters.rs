use netaio::prelude::*;

#[app(auth = [admin])]
struct App;

#[on(CreateUri, au)]
async fn create() {}

fn main() {}
