use netaio::prelude::*;

#[app]
struct App;

use std::future::Future;

#[on(CreateUri)]
fn create(_uri: Uri) -> impl Future<Output = ()> {
    async move { drop(_uri) }
}

fn main() {}
