//! A program whose handlers are all in other crates.

use netaio::prelude::*;
// Nothing else names this crate, and what nothing names is not linked.
use extension as _;
use shop::Shop;

fn main() {
    let app = Shop::builder()
        .bind_auth(Shop::admin, HmacAuth::new("secret").field("inner"))
        .mount(shop::handlers())
        .build();
    let Ok(app) = app else { panic!("{app:?}") };
    let names: Vec<_> = app.routes().iter().map(|route| route.name).collect();
    println!("{names:?}");
    assert_eq!(names, ["price", "create", "update"]);
}
