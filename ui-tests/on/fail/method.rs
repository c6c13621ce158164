use netaio::prelude::*;

#[app]
struct App;

struct Shop;

impl Shop {
    #[on(CreateUri)]
    async fn create(&self, _uri: Uri) {}
}

fn main() {}
