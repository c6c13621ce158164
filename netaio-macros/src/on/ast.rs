//! The item below `#[on]`: tokens to our model of a fn. The body is never parsed.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{
    Attribute, GenericParam, Ident, Signature, Token, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use super::{Kind, types};
use crate::diag::Report;

/// A fn, kept token by token as the user wrote it, and what we know about it.
pub(super) struct Handler {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    /// The body with its braces, or whatever else followed the signature.
    pub(super) body: TokenStream,
}

impl Handler {
    pub(super) fn name(&self) -> &Ident {
        &self.signature.ident
    }

    /// True inside an `impl` for sure; an associated fn that does not say `Self` is not found out.
    pub(super) fn is_method(&self) -> bool {
        self.signature.receiver().is_some() || self.self_type().is_some()
    }

    /// The first `Self` in the arguments and the return type.
    pub(super) fn self_type(&self) -> Option<Ident> {
        let Signature { inputs, output, .. } = &self.signature;
        types::find(quote!(#inputs #output), "Self")
    }

    /// The names of the lifetime parameters.
    pub(super) fn lifetimes(&self) -> impl Iterator<Item = &Ident> {
        self.signature.generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Lifetime(parameter) => Some(&parameter.lifetime.ident),
            _ => None,
        })
    }

    /// The `#[cfg]` attributes, which hold for everything generated beside the fn as well.
    pub(super) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        cfgs(&self.attributes)
    }
}

/// The `#[cfg]` attributes among these.
pub(super) fn cfgs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
}

/// The fn, or nothing and a report why the item is none.
pub(super) fn parse(kind: Kind, item: TokenStream, report: &mut Report) -> Option<Handler> {
    let parsed = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        if !starts_a_fn(input) {
            return Err(not_a_fn(kind, input));
        }
        let signature = input.parse()?;
        let body = input.parse()?;
        Ok(Handler { attributes, visibility, signature, body })
    };
    parsed.parse2(item).map_err(|mistake| report.push(mistake)).ok()
}

/// True when only the qualifiers of a fn stand before `fn`.
fn starts_a_fn(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    loop {
        if ahead.peek(Token![fn]) {
            return true;
        }
        let qualifier = ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern])
            || ahead.peek(syn::LitStr);
        if !qualifier || ahead.parse::<TokenTree>().is_err() {
            return false;
        }
    }
}

fn not_a_fn(kind: Kind, input: ParseStream<'_>) -> syn::Error {
    let attribute = kind.grammar().attribute;
    let found = input.call(Ident::parse_any);
    let rest = input.parse::<TokenStream>();
    let message = |found: &str| {
        format!("`{attribute}` goes above a fn, and this is {found}: move it to the handler's fn")
    };
    match (found, rest) {
        (Ok(keyword), _) => {
            let article = if keyword == "impl" || keyword == "enum" { "an" } else { "a" };
            let found = format!("{article} `{keyword}`");
            syn::Error::new(keyword.span(), message(&found))
        }
        (Err(_), Ok(rest)) if !rest.is_empty() => syn::Error::new_spanned(rest, message("none")),
        _ => syn::Error::new(crate::args::attribute_span(), message("none")),
    }
}
