use netaio::prelude::*;

#[app]
struct App;

struct SoldOut;

#[on(RequestUri)]
async fn price() -> Result<String, SoldOut> {
    Err(SoldOut)
}

fn main() {}
