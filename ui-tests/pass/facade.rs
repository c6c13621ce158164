//! A crate that re-exports netaio, or renames it.
mod my_facade {
    pub use netaio;
}

use my_facade::netaio::prelude::*;

#[app(crate = crate::my_facade::netaio)]
struct App;

#[on(RequestUri, crate = crate::my_facade::netaio)]
async fn read() {}

fn main() {
    assert_eq!(App::builder().build().unwrap().routes().len(), 1);
}
