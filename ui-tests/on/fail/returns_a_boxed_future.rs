use netaio::prelude::*;

#[app]
struct App;

use std::{future::Future, pin::Pin};

#[on(CreateUri)]
fn create(_uri: Uri) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { drop(_uri) })
}

fn main() {}
