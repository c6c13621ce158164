use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create(_content: impl Into<String>) {}

fn main() {}
