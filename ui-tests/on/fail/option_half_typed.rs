use netaio::prelude::*;

#[app(auth = [admin, reader], cipher = [sealed])]
struct App;

#[on(CreateUri, auth)]
async fn create() {}

fn main() {}
