//! The item below `#[app]`: tokens to our model of a struct.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Generics, Ident, Token, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{args, diag::Report};

/// A type, token by token as the user wrote it, and what we know about it.
pub(super) struct App {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    /// `struct`; or `enum`, `union`, which are refused.
    pub(super) keyword: Ident,
    pub(super) name: Ident,
    pub(super) generics: Generics,
    /// What follows the name and its generics: `;` alone for a unit struct.
    pub(super) rest: TokenStream,
}

/// The app, or nothing and a report why the item cannot be one.
pub(super) fn parse(item: TokenStream, report: &mut Report) -> Option<App> {
    let parsed = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let is_type =
            input.peek(Token![struct]) || input.peek(Token![enum]) || input.peek(Token![union]);
        if !is_type || !input.peek2(Ident::peek_any) {
            return Err(not_a_type(input));
        }
        Ok(App {
            attributes,
            visibility,
            keyword: input.call(Ident::parse_any)?,
            name: input.parse()?,
            generics: input.parse()?,
            rest: input.parse()?,
        })
    };
    parsed.parse2(item).map_err(|mistake| report.push(mistake)).ok()
}

fn not_a_type(input: ParseStream<'_>) -> syn::Error {
    let message = "`#[app]` goes above a unit struct: write `#[app] struct App;`";
    match input.call(Ident::parse_any) {
        Ok(keyword) => syn::Error::new(keyword.span(), message),
        Err(_) => match input.parse::<TokenStream>() {
            Ok(rest) if !rest.is_empty() => syn::Error::new_spanned(rest, message),
            _ => syn::Error::new(args::attribute_span(), message),
        },
    }
}
