use netaio::prelude::*;

#[app]
struct App;

fn main() {
    let _ = App::builder().mount(handlers![|uri: Uri| uri]);
}
