use netaio::prelude::*;

#[app]
struct App;

#[once]
async fn pair() {}

fn main() {}
