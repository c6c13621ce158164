use netaio::prelude::*;

#[app(state = String)]
struct App;

#[on(CreateUri)]
async fn create(State(_count): State<u64>) {}

fn main() {}
