//! Questions about types that are answered by their spelling.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Path, PathArguments, Token, Type, TypeParamBound};

/// The names of the types that are in scope everywhere and could be hidden.
pub(super) const PRIMITIVES: [&str; 17] = [
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16",
    "u32", "u64", "u8", "usize",
];

/// The extractors of the runtime that take the message, and so stand last.
const CONTENT_TYPES: [&str; 6] = ["Content", "Message", "Json", "Bytes", "String", "Vec"];

/// The type inside parentheses and the invisible groups of `macro_rules!`.
pub(super) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The first `impl` in the type.
pub(super) fn impl_keyword(ty: &Type) -> Option<Token![impl]> {
    find(ty.to_token_stream(), "impl").map(|keyword| Token![impl](keyword.span()))
}

/// The first time that this word is among the tokens.
pub(super) fn find(tokens: TokenStream, word: &str) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(ident),
        TokenTree::Group(group) => find(group.stream(), word),
        _ => None,
    })
}

/// True when the type's name says that it reads the message's content.
pub(super) fn reads_content(ty: &Type) -> bool {
    is_named(ty, &CONTENT_TYPES)
}

/// Whether the type is spelled like the app's state, which reads no message.
pub(super) fn is_state(ty: &Type) -> bool {
    is_named(ty, &["State"])
}

fn is_named(ty: &Type, names: &[&str]) -> bool {
    let Type::Path(ty) = peel(ty) else { return false };
    ty.path.segments.last().is_some_and(|s| names.iter().any(|name| s.ident == name))
}

/// The word by which a type says that it is a future: `impl Future`, `BoxFuture`,
/// `Pin<Box<dyn Future>>`.
pub(super) fn future(ty: &Type) -> Option<Ident> {
    match peel(ty) {
        Type::ImplTrait(ty) => bound(ty.bounds.iter()),
        Type::TraitObject(ty) => bound(ty.bounds.iter()),
        Type::Path(ty) => boxed(&ty.path),
        _ => None,
    }
}

fn bound<'a>(mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Ident> {
    bounds.find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            (last.ident == "Future" || last.ident == "IntoFuture").then(|| last.ident.clone())
        }
        _ => None,
    })
}

fn boxed(path: &Path) -> Option<Ident> {
    let last = path.segments.last()?;
    if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
        return Some(last.ident.clone());
    }
    if last.ident != "Pin" && last.ident != "Box" {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => future(ty),
        _ => None,
    })
}

/// True when there is a reference or lifetime in it that is not `'static`.
pub(super) fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match &token {
            TokenTree::Punct(quote) if quote.as_char() == '\'' => {
                tokens.next().is_some_and(|name| name.to_string() != "static")
            }
            TokenTree::Punct(and) if and.as_char() == '&' => {
                let is_quote =
                    |next: &TokenTree| matches!(next, TokenTree::Punct(p) if p.as_char() == '\'');
                !tokens.peek().is_some_and(is_quote)
            }
            TokenTree::Group(group) => borrows(group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// The type with each of these lifetimes written as `'_`, for the compiler to choose.
pub(super) fn without_names(tokens: TokenStream, lifetimes: &[&Ident]) -> TokenStream {
    let mut after_quote = false;
    let replace = |token| {
        let is_lifetime = std::mem::replace(
            &mut after_quote,
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\''),
        );
        match token {
            TokenTree::Ident(ident) if is_lifetime && lifetimes.contains(&&ident) => {
                TokenTree::Ident(Ident::new("_", ident.span()))
            }
            TokenTree::Group(group) => {
                let inner = without_names(group.stream(), lifetimes);
                let mut replaced = proc_macro2::Group::new(group.delimiter(), inner);
                replaced.set_span(group.span());
                TokenTree::Group(replaced)
            }
            token => token,
        }
    };
    tokens.into_iter().map(replace).collect()
}
