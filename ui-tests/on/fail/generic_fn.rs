use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create<T>(_uri: Uri) {}

fn main() {}
