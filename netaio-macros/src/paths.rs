//! Every path that generated code names starts here.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Ident, Path};

/// The module of the runtime crate that exists for generated code only.
const PRIVATE: &str = "__private";

/// Where generated code finds the runtime: `::netaio::__private`, or below the path that
/// `crate = …` gave.
#[derive(Clone)]
pub(crate) struct Runtime(TokenStream);

impl Runtime {
    pub(crate) fn new(root: Option<&Path>) -> Self {
        let private = Ident::new(PRIVATE, Span::mixed_site());
        Self(match root {
            Some(root) => quote_spanned!(Span::mixed_site()=> #root::#private),
            None => quote_spanned!(Span::mixed_site()=> ::netaio::#private),
        })
    }

    /// An item of the runtime, located at a place of the user's, for errors that belong there.
    pub(crate) fn item(&self, name: &str, span: Span) -> TokenStream {
        let name = Ident::new(name, span);
        let here = self.0.clone().into_iter().map(|mut token| {
            token.set_span(token.span().located_at(span));
            token
        });
        let here: TokenStream = here.collect();
        quote_spanned!(span=> #here::#name)
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// The app of a handler that names none: `App` at the root of the user's crate.
pub(crate) fn default_app() -> Path {
    let span = Span::call_site();
    let segments = ["crate", "App"].map(|name| syn::PathSegment::from(Ident::new(name, span)));
    Path { leading_colon: None, segments: segments.into_iter().collect() }
}

/// The name that a person reads: without the `r#` of a raw identifier.
pub(crate) fn plain_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}
