//! A library that has nothing but handlers, for the app of another crate.

use netaio::prelude::*;

#[on(UpdateUri, app = shop::Shop, auth = admin)]
async fn update() {}
