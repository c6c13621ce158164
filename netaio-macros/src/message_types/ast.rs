//! The item below `#[message_types]`: tokens to our model of an enum.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, Fields, Generics, Ident, ItemEnum, Token, Visibility,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{args, diag::Report};

/// An enum as the user wrote it.
pub(super) struct TypeSet {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) enum_token: Token![enum],
    pub(super) name: Ident,
    pub(super) generics: Generics,
    pub(super) variants: Vec<Variant>,
}

/// One variant as the user wrote it.
pub(super) struct Variant {
    pub(super) attributes: Vec<Attribute>,
    pub(super) name: Ident,
    pub(super) fields: Fields,
    pub(super) number: Option<Expr>,
}

/// The enum, or nothing and a report why the item is none.
pub(super) fn parse(item: TokenStream, report: &mut Report) -> Option<TypeSet> {
    let parsed = |input: ParseStream<'_>| {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        if !ahead.peek(Token![enum]) {
            return Err(not_an_enum(&ahead));
        }
        let item: ItemEnum = input.parse()?;
        let variants = item.variants.into_iter().map(|variant| Variant {
            attributes: variant.attrs,
            name: variant.ident,
            fields: variant.fields,
            number: variant.discriminant.map(|(_, number)| number),
        });
        Ok(TypeSet {
            attributes: item.attrs,
            visibility: item.vis,
            enum_token: item.enum_token,
            name: item.ident,
            generics: item.generics,
            variants: variants.collect(),
        })
    };
    parsed.parse2(item).map_err(|mistake| report.push(mistake)).ok()
}

fn not_an_enum(input: ParseStream<'_>) -> syn::Error {
    let message = "`#[message_types]` goes above an enum: write `#[message_types] enum ChatTypes \
                   { Say = 50 }`";
    match input.call(Ident::parse_any) {
        Ok(keyword) => syn::Error::new(keyword.span(), message),
        Err(_) => syn::Error::new(args::attribute_span(), message),
    }
}
