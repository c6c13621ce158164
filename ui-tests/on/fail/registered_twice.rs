use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
#[on(UpdateUri)]
async fn create() {}

fn main() {}
