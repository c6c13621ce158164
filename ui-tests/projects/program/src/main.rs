//! A program whose handlers are all in other crates.

use netaio::prelude::*;
// Nothing else names this crate, and what nothing names is not linked.
use extension as _;
use shop::Shop;

fn main() {
    let app = Shop::builder()
        .bind_auth(Shop::admin, HmacAuth::new("secret").field("inner"))
        .mount(shop::handlers())
        .expect(["extension", "shop::products::price"])
        .build();
    let Ok(app) = app else { panic!("{app:?}") };
    let names: Vec<_> = app.routes().iter().map(|route| route.name).collect();
    println!("{names:?}");
    assert_eq!(names, ["price", "create", "update"]);

    let missing = Shop::builder().expect(["elsewhere::orders", "extension::updat", "extension::update"]);
    let error = missing.build().map(|_| ()).unwrap_err().to_string();
    for path in ["elsewhere::orders", "extension::updat"] {
        assert!(error.contains(&format!("no handler of `{path}` is registered")), "{error}");
    }
    assert!(error.contains("`use elsewhere as _;`") && !error.contains("extension::update`"), "{error}");
}
