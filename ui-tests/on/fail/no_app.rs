use netaio::prelude::*;

#[on(CreateUri)]
async fn create() {}

fn main() {}
