//! `#[app]`: makes a unit struct an app, with its keys, its builder and its own registry.

mod ast;
mod attr;
mod expand;
mod valid;

use proc_macro2::TokenStream;

use crate::diag;

/// Expands the attribute; the item is part of the result whatever is wrong with it.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    diag::collect(|report| {
        let options = attr::parse(arguments, report);
        let Some(app) = ast::parse(item.clone(), report) else { return item };
        let model = valid::check(options, &app, report);
        expand::expand(&model)
    })
}
