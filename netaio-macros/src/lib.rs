//! The attribute macros of netaio. Use them through the `netaio` crate, which documents them.
//!
//! Each macro is four stages, a file each: `attr` (arguments to typed options), `ast` (item to
//! our model of it), `valid` (checks that need both; always yields a model that can be expanded)
//! and `expand` (model to tokens; cannot fail). Every stage reports into one collector, so that
//! all mistakes appear at once, and the item is emitted whatever is wrong with it.

mod app;
mod args;
mod diag;
mod handlers;
mod message_types;
mod names;
mod on;
mod paths;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod snapshots;

use proc_macro::TokenStream;

/// Makes a unit struct an app.
#[proc_macro_attribute]
pub fn app(arguments: TokenStream, item: TokenStream) -> TokenStream {
    app::expand(arguments.into(), item.into()).into()
}

/// Registers a fn as the handler of a message type.
#[proc_macro_attribute]
pub fn on(arguments: TokenStream, item: TokenStream) -> TokenStream {
    on::expand(on::Kind::On, arguments.into(), item.into()).into()
}

/// Registers a fn as a handler that is removed when it is first used.
#[proc_macro_attribute]
pub fn once(arguments: TokenStream, item: TokenStream) -> TokenStream {
    on::expand(on::Kind::Once, arguments.into(), item.into()).into()
}

/// Makes an enum the custom message types of an app.
#[proc_macro_attribute]
pub fn message_types(arguments: TokenStream, item: TokenStream) -> TokenStream {
    message_types::expand(arguments.into(), item.into()).into()
}

/// Lists handlers by name for `mount`.
#[proc_macro]
pub fn handlers(list: TokenStream) -> TokenStream {
    handlers::expand(list.into()).into()
}
