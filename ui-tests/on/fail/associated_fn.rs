use netaio::prelude::*;

#[app]
struct App;

struct Shop;

impl Shop {
    #[on(CreateUri)]
    async fn create(_uri: Uri) {}
}

fn main() {}
