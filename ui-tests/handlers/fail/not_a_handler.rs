use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create() {}

async fn read() {}

fn main() {
    let _ = App::builder().mount(handlers![create, read]);
}
