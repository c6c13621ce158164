use netaio::prelude::*;

#[app]
struct App;

struct Price(u32);

#[on(CreateUri)]
async fn create(_uri: Uri, _price: Price) {}

fn main() {}
