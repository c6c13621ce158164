use netaio::prelude::*;

#[app]
struct App;

#[on(uri = "prices", CreateUri)]
async fn create() {}

fn main() {}
