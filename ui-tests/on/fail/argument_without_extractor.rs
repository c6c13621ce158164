use netaio::prelude::*;

#[app]
struct App;

struct Price(u32);

#[on(CreateUri)]
async fn create(_price: Price, _uri: Uri) {}

fn main() {}
