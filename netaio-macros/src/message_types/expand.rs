//! The model to tokens. Nothing here can fail.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Attribute;

use super::{
    ast::TypeSet,
    valid::{CustomType, Model, Number},
};
use crate::paths::plain_name;

/// The enum as it was, and its conversions.
pub(super) fn expand(model: &Model<'_>) -> TokenStream {
    let TypeSet { visibility, enum_token, name, attributes, .. } = model.set;
    let kept = &model.attributes;
    let repr = (!model.has_repr).then(|| quote_spanned!(Span::mixed_site()=> #[repr(u8)]));
    let variants = model.types.iter().map(|CustomType { attributes, name, number }| {
        let number = match number {
            Number::Written(written, _) => quote!(#written),
            Number::StandIn(number) => quote!(#number),
        };
        quote!(#(#attributes)* #name = #number)
    });
    if model.types.is_empty() {
        return quote!(#(#kept)* #visibility #enum_token #name {});
    }
    let item = quote!(#(#kept)* #repr #visibility #enum_token #name { #(#variants),* });
    let cfgs = cfgs(attributes);
    let impls = impls(model);
    quote_spanned! {Span::mixed_site()=>
        #item
        #(#cfgs)*
        const _: () = { #impls };
    }
}

fn cfgs(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect()
}

fn impls(model: &Model<'_>) -> TokenStream {
    let p = &model.runtime;
    let name = &model.set.name;
    let u8 = quote_spanned!(Span::mixed_site()=> #p::core::primitive::u8);
    let each = |line: &dyn Fn(&CustomType<'_>) -> TokenStream| -> Vec<TokenStream> {
        model
            .types
            .iter()
            .map(|ty| {
                let (cfgs, line) = (cfgs(ty.attributes), line(ty));
                quote!(#(#cfgs)* #line,)
            })
            .collect()
    };
    let table = each(&|ty| {
        let (plain, number) = (plain_name(ty.name), ty.number.value());
        quote!((#plain, #number))
    });
    let names = each(&|ty| {
        let (variant, plain) = (ty.name, plain_name(ty.name));
        quote!(Self::#variant => #plain)
    });
    let numbers = each(&|ty| {
        let (variant, number) = (ty.name, ty.number.value());
        quote!(#number => #p::core::result::Result::Ok(Self::#variant))
    });
    quote_spanned! {Span::mixed_site()=>
        impl #p::MessageTypes for #name {
            const TYPES: &'static [(&'static #p::core::primitive::str, #u8)] = &[#(#table)*];
        }

        impl #p::core::convert::From<#name> for #u8 {
            fn from(__netaio_type: #name) -> Self { __netaio_type as Self }
        }

        impl #p::core::convert::From<#name> for #p::MessageType {
            fn from(__netaio_type: #name) -> Self { Self::custom(__netaio_type as #u8) }
        }

        impl #p::core::convert::TryFrom<#u8> for #name {
            type Error = #p::UnknownType;
            fn try_from(__netaio_code: #u8) -> #p::core::result::Result<Self, #p::UnknownType> {
                match __netaio_code {
                    #(#numbers)*
                    _ => #p::core::result::Result::Err(#p::UnknownType(__netaio_code)),
                }
            }
        }

        impl #p::core::convert::TryFrom<#p::MessageType> for #name {
            type Error = #p::UnknownType;
            fn try_from(
                __netaio_type: #p::MessageType,
            ) -> #p::core::result::Result<Self, #p::UnknownType> {
                <Self as #p::core::convert::TryFrom<#u8>>::try_from(
                    #p::MessageType::code(__netaio_type),
                )
            }
        }

        impl #p::core::fmt::Display for #name {
            fn fmt(
                &self,
                __netaio_formatter: &mut #p::core::fmt::Formatter<'_>,
            ) -> #p::core::fmt::Result {
                #p::core::fmt::Formatter::pad(__netaio_formatter, match *self { #(#names)* })
            }
        }
    }
}
