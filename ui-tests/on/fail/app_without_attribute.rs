use netaio::prelude::*;

struct Shop;

#[on(CreateUri, app = Shop)]
async fn create() {}

fn main() {}
