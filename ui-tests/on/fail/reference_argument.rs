use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create(_uri: &Uri) {}

fn main() {}
