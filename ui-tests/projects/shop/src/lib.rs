//! A library that exports an app with all its handlers.

use netaio::{handler::Descriptor, prelude::*};

/// The app.
#[app(auth = [admin])]
pub struct Shop;

/// Adds a product.
#[on(CreateUri, app = Shop, auth = admin)]
pub async fn create(_uri: Uri) {}

mod products {
    use super::{Shop, on};

    #[on(RequestUri, app = Shop)]
    pub(super) fn price() -> &'static str {
        "3"
    }
}

/// Every handler of the shop, for programs that mount them by name.
pub fn handlers() -> impl IntoIterator<Item = &'static Descriptor<Shop>> {
    netaio::handlers![create, products::price]
}
