use netaio::prelude::*;

#[app]
struct App;

#[app]
struct Other;

#[on(CreateUri, app = Other)]
async fn create() {}

fn main() {
    let _ = App::builder().mount(handlers![create]);
}
