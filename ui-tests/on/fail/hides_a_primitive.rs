use netaio::prelude::*;

#[app]
struct App;

#[on(RequestUri)]
async fn str() -> String {
    String::new()
}

fn main() {}
