//! The model to tokens. Nothing here can fail.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Ident, spanned::Spanned};

use super::{ast::App, valid::Model};
use crate::paths::plain_name;

/// The struct as it was, and beside it all that makes it an app.
pub(super) fn expand(model: &Model<'_>) -> TokenStream {
    let Model { attributes, usable, .. } = model;
    let App { visibility, keyword, name, generics, rest, .. } = model.app;
    let item = quote!(#(#attributes)* #visibility #keyword #name #generics #rest);
    if !usable {
        return item;
    }
    let cfgs: Vec<&Attribute> =
        model.app.attributes.iter().filter(|a| a.path().is_ident("cfg")).collect();
    let (registry, inherent) = (registry(model), inherent(model));
    quote_spanned! {Span::mixed_site()=>
        #item
        #(#cfgs)*
        const _: () = {
            #registry
            #inherent
        };
    }
}

/// The registry of this app alone, and the trait by which the runtime reads it.
fn registry(model: &Model<'_>) -> TokenStream {
    let Model { runtime: p, .. } = model;
    let name = &model.app.name;
    let plain = plain_name(name);
    // Where the user named it: a private state of a public app is an error about this line.
    let state = match &model.state {
        Some(state) => {
            let span = Span::mixed_site().located_at(state.span());
            // But not the name, or an editor takes the user's type for it.
            let name = Ident::new("State", Span::mixed_site());
            quote_spanned!(span=> type #name = #state;)
        }
        None => quote_spanned!(Span::mixed_site()=> type State = ();),
    };
    let none = quote_spanned!(Span::mixed_site()=> #p::NoTypes);
    let types = model.types.as_ref().map_or(none, |types| quote!(#types));
    let auth = model.auth.iter().map(plain_name);
    let cipher = model.cipher.iter().map(plain_name);
    let strings = quote_spanned!(Span::mixed_site()=> &'static [&'static #p::core::primitive::str]);
    quote_spanned! {Span::mixed_site()=>
        // One type for each app: two apps in one process never see each other's handlers.
        #[doc(hidden)]
        // An app may warn of such items; nobody but the registry sees this one.
        #[allow(missing_debug_implementations, unnameable_types, unreachable_pub)]
        pub struct __NetaioEntry(fn() -> &'static #p::Descriptor<#name>);

        #p::inventory::collect!(__NetaioEntry);

        impl #p::IsApp for #name {
            type App = Self;
        }

        impl<__NetaioHandler: #p::Registered<#name>> #p::Registry<__NetaioHandler> for #name {
            type Entry = __NetaioEntry;
            const ENTRY: __NetaioEntry = __NetaioEntry(__NetaioHandler::descriptor);
        }

        impl #p::Application for #name {
            #state
            type Types = #types;
            const NAME: &'static #p::core::primitive::str = #plain;
            const AUTH: #strings = &[#(#auth),*];
            const CIPHER: #strings = &[#(#cipher),*];

            fn registered(
                __netaio_visit: &mut dyn #p::core::ops::FnMut(&'static #p::Descriptor<Self>),
            ) {
                for __netaio_entry in #p::inventory::iter::<__NetaioEntry> {
                    __netaio_visit((__netaio_entry.0)());
                }
            }
        }
    }
}

/// The keys and the builder.
fn inherent(model: &Model<'_>) -> TokenStream {
    let Model { runtime: p, .. } = model;
    let name = &model.app.name;
    let auth = model.auth.iter().map(|name| key(model, "auth", "AuthKey", name));
    let cipher = model.cipher.iter().map(|name| key(model, "cipher", "CipherKey", name));
    let state = match model.state {
        Some(_) => TokenStream::new(),
        // Nothing to choose: the builder starts with the state that it needs.
        None => quote_spanned!(Span::mixed_site()=> .state(())),
    };
    let builder = format!(
        "Starts building the app `{}`: give it its state, bind its keys, then `build()` it.",
        plain_name(name)
    );
    quote_spanned! {Span::mixed_site()=>
        // Not every program uses all of them, nor is every app public.
        #[allow(dead_code, unreachable_pub)]
        impl #name {
            #(#auth)*
            #(#cipher)*

            #[doc = #builder]
            pub fn builder() -> #p::AppBuilder<#name> {
                #p::AppBuilder::<#name>::__new() #state
            }
        }
    }
}

fn key(model: &Model<'_>, option: &str, ty: &str, key: &Ident) -> TokenStream {
    let Model { runtime: p, .. } = model;
    let (app, ty) = (&model.app.name, Ident::new(ty, Span::mixed_site()));
    let plain = plain_name(key);
    let doc = format!(
        "The {option} key `{plain}`: bind it with `.bind_{option}({}::{key}, …)`.",
        plain_name(app)
    );
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        // A key is written as the attributes write it: `App::admin`.
        #[allow(non_upper_case_globals)]
        pub const #key: #p::#ty<#app> = #p::#ty::__new(#plain);
    }
}
