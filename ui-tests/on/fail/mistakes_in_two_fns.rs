use netaio::prelude::*;

#[app(auth = [admin, reader], cipher = [sealed])]
struct App;

#[on(CreateUrl)]
async fn create(_uri: Uri) -> &'static str {
    "created"
}

#[on(RequestUri, auth = "admin")]
async fn read(_uri: Uri) -> Option<String> {
    None
}

fn main() {}
