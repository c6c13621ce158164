use netaio::prelude::*;

#[app(auth = [admin, reader], cipher = [sealed])]
struct App;

#[on(CreateUrl, auht = admin)]
async fn create<T>(_uri: &Uri) {}

fn main() {}
