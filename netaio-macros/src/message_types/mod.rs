//! `#[message_types]`: makes an enum the custom message types of an app.

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
        let Some(set) = ast::parse(item.clone(), report) else { return item };
        let model = valid::check(&options, &set, report);
        expand::expand(&model)
    })
}
