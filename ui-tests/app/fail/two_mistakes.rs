use netaio::prelude::*;

#[app(sate = u32, auth = [admin, admin])]
struct App;

#[on(CreateUri, auth = admin)]
async fn create() {}

fn main() {}
