use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
async fn create<const N: usize>(_uri: Uri) {}

fn main() {}
