use netaio::prelude::*;

#[app]
struct App;

use std::rc::Rc;

#[on(RequestUri)]
async fn price() -> String {
    let price = Rc::new(3);
    tick().await;
    price.to_string()
}

async fn tick() {}

fn main() {}
