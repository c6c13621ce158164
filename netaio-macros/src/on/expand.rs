//! The model to tokens. Nothing here can fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Ident, ReturnType, Type, spanned::Spanned};

use super::{
    ast::cfgs,
    attr::{Timeout, Uri},
    types,
    valid::{Argument, MessageType, Model},
};
use crate::paths::plain_name;

/// The fn as it was, and a type of its name, for `handlers![…]`, that describes and registers it.
///
/// All of the registration is inside of one impl: where an impl cannot stand, in another impl, the
/// compiler drops it whole and has little to add to that.
pub(super) fn expand(model: &Model<'_>) -> TokenStream {
    let Model { handler, attributes, .. } = model;
    let (visibility, signature, body) = (&handler.visibility, &handler.signature, &handler.body);
    let name = handler.name();
    let item = quote_spanned! {Span::mixed_site()=>
        #(#attributes)*
        // The runtime decides these two things, not the author of the handler.
        #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
        #visibility #signature #body
    };
    if handler.is_method() {
        return item;
    }
    let cfgs: Vec<&Attribute> = handler.cfgs().collect();
    let registration = registration(model);
    quote_spanned! {Span::mixed_site()=>
        #item

        #(#cfgs)*
        #[doc(hidden)]
        // It has the handler's name, and stands for it in types alone.
        #[allow(dead_code, non_camel_case_types)]
        #visibility struct #name {}

        #(#cfgs)*
        #registration
    }
}

/// The impl that describes the handler, and registers it.
fn registration(model: &Model<'_>) -> TokenStream {
    let Model { runtime, handler, .. } = model;
    let (name, app, description) = (handler.name(), app(model), description(model));
    let span = Span::mixed_site().located_at(model.app.span());
    let [registered, descriptor] =
        ["Registered", "Descriptor"].map(|name| runtime.item(name, span));
    quote_spanned! {span=>
        impl #registered<#app> for #name {
            fn descriptor() -> &'static #descriptor<#app> { #description }
        }
    }
}

/// The app, by way of a trait, so that a struct that is none is one error and not five; and
/// located where the user named it.
fn app(model: &Model<'_>) -> TokenStream {
    let Model { runtime, app: path, .. } = model;
    let span = Span::mixed_site().located_at(path.span());
    let is_app = runtime.item("IsApp", span);
    quote_spanned!(span=> <#path as #is_app>::App)
}

/// The descriptor of the handler, and its registration.
fn description(model: &Model<'_>) -> TokenStream {
    let Model { runtime: p, handler, .. } = model;
    let Some(arguments) = &model.arguments else {
        // The fn has a mistake: its name still works, so that only the mistake is reported.
        return quote_spanned!(Span::mixed_site()=> loop {});
    };
    let (name, app, alias) = (handler.name(), app(model), alias(model));
    let (call, descriptor) = (call(model, arguments), descriptor(model));
    quote_spanned! {Span::mixed_site()=>
        type #alias = #app;
        #call
        #descriptor
        #p::inventory::submit! { <#alias as #p::Registry<#name>>::ENTRY }
        &__NETAIO_DESCRIPTOR
    }
}

/// The alias of the app in there.
fn alias(model: &Model<'_>) -> Ident {
    Ident::new("__NetaioApp", Span::mixed_site().located_at(model.app.span()))
}

/// The fn that takes the arguments out of a message and calls the handler.
fn call(model: &Model<'_>, arguments: &[Argument<'_>]) -> TokenStream {
    let (p, app) = (&model.runtime, alias(model));
    let extractions = (0..arguments.len()).map(|index| extraction(model, arguments, index));
    let passed = arguments.iter().zip(0..).map(|(argument, index)| {
        let (cfgs, variable) = (cfgs(argument.attributes), variable(index));
        quote!(#(#cfgs)* #variable)
    });
    // An error about the future points at the fn's name.
    let name = model.handler.name();
    let called = quote_spanned!(name.span()=> #name(#(#passed),*));
    let into_reply = into_reply(model);
    let borrows = arguments.iter().any(|argument| argument.borrows);
    let outcome = if model.handler.signature.asyncness.is_some() {
        quote_spanned! {Span::mixed_site()=>
            #p::later(__netaio_request, #called, |__netaio_reply, __netaio_request| {
                #into_reply(__netaio_reply, __netaio_request)
            })
        }
    } else if borrows {
        quote_spanned! {Span::mixed_site()=>
            #p::Outcome::Ready(#into_reply(#called, __netaio_request))
        }
    } else {
        quote_spanned!(Span::mixed_site()=> #p::now(#into_reply(#called, __netaio_request)))
    };
    quote_spanned! {Span::mixed_site()=>
        // Who deprecates a handler means its other callers.
        #[allow(deprecated)]
        fn __netaio_call<'__netaio>(
            __netaio_context: &#p::Context<'__netaio, <#app as #p::Application>::State>,
        ) -> #p::Outcome<'__netaio> {
            let __netaio_request = #p::Context::message_type(__netaio_context);
            #(#extractions)*
            #outcome
        }
    }
}

/// `let argument = …;`: all arguments come from the context, the last also from the message.
///
/// With `#[cfg]` on arguments, which one is last is known to the compiler only.
fn extraction(model: &Model<'_>, arguments: &[Argument<'_>], index: usize) -> TokenStream {
    let Some((argument, later)) = arguments.get(index..).and_then(<[_]>::split_first) else {
        return TokenStream::new();
    };
    let own: Vec<&Attribute> = cfgs(argument.attributes).collect();
    let conditions: Option<Vec<TokenStream>> = later.iter().map(condition).collect();
    match conditions.as_deref() {
        Some([]) => one_extraction(model, argument, index, true, &quote!(#(#own)*)),
        None => one_extraction(model, argument, index, false, &quote!(#(#own)*)),
        Some(conditions) => {
            let last = quote!(#(#own)* #[cfg(not(any(#(#conditions),*)))]);
            let early = quote!(#(#own)* #[cfg(any(#(#conditions),*))]);
            let last = one_extraction(model, argument, index, true, &last);
            let early = one_extraction(model, argument, index, false, &early);
            quote!(#last #early)
        }
    }
}

/// When the argument exists; nothing if it always does.
fn condition(argument: &Argument<'_>) -> Option<TokenStream> {
    let mut cfgs = cfgs(argument.attributes).peekable();
    cfgs.peek()?;
    let predicates = cfgs.filter_map(|cfg| cfg.parse_args::<TokenStream>().ok());
    Some(quote!(all(#(#predicates),*)))
}

fn one_extraction(
    model: &Model<'_>,
    argument: &Argument<'_>,
    index: usize,
    last: bool,
    cfgs: &TokenStream,
) -> TokenStream {
    let (p, app) = (&model.runtime, alias(model));
    let variable = variable(index);
    let ty = outside(model, argument.ty);
    let state = quote_spanned!(Span::mixed_site()=> <#app as #p::Application>::State);
    // Known to be no message, the state goes the way whose errors speak of the state alone.
    let taken = if last && argument.borrows {
        quote_spanned! {Span::mixed_site()=>
            #p::lent_arg::<#ty, #state>(__netaio_context)
        }
    } else if last && !types::is_state(argument.ty) {
        quote_spanned! {Span::mixed_site()=>
            #p::last_arg::<#ty, #state, _>(__netaio_context)
        }
    } else {
        let way = if types::reads_content(argument.ty) { "early_arg" } else { "context_arg" };
        let way = Ident::new(way, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> #p::#way::<#ty, #state>(__netaio_context))
    };
    quote_spanned! {Span::mixed_site()=>
        #cfgs
        let #variable = match #taken {
            #p::core::result::Result::Ok(__netaio_argument) => __netaio_argument,
            #p::core::result::Result::Err(__netaio_refusal) => return __netaio_refusal,
        };
    }
}

fn variable(index: usize) -> Ident {
    format_ident!("__netaio_{index}", span = Span::mixed_site())
}

/// The conversion of the reply, named so that an error about it points at the return type.
fn into_reply(model: &Model<'_>) -> TokenStream {
    let p = &model.runtime;
    match &model.handler.signature.output {
        ReturnType::Default => {
            quote_spanned!(Span::mixed_site()=> <() as #p::IntoReply>::into_reply_ref)
        }
        ReturnType::Type(_, ty) if is_nameable(ty) => {
            let span = Span::mixed_site().located_at(ty.span());
            let ty = outside(model, ty);
            quote_spanned!(span=> <#ty as #p::IntoReply>::into_reply_ref)
        }
        ReturnType::Type(_, ty) => {
            let span = Span::mixed_site().located_at(ty.span());
            quote_spanned!(span=> #p::IntoReply::into_reply_ref)
        }
    }
}

/// False for `impl Trait` and `!`, which cannot be written in an expression.
fn is_nameable(ty: &Type) -> bool {
    types::impl_keyword(ty).is_none() && !matches!(types::peel(ty), Type::Never(_))
}

/// The type outside of the fn, where its lifetime parameters do not exist and are left to be found.
fn outside(model: &Model<'_>, ty: &Type) -> TokenStream {
    let lifetimes: Vec<&Ident> = model.handler.lifetimes().collect();
    if lifetimes.is_empty() {
        return ty.to_token_stream();
    }
    types::without_names(ty.to_token_stream(), &lifetimes)
}

fn descriptor(model: &Model<'_>) -> TokenStream {
    let Model { runtime: p, once, .. } = model;
    let (name, app) = (plain_name(model.handler.name()), alias(model));
    let message_type = message_type(model);
    let uri = option(model, model.uri.as_ref().map(|uri| self::uri(model, uri)));
    let auth = option(model, model.auth.as_ref().map(|name| key(model, "AuthKey", name)));
    let cipher = option(model, model.cipher.as_ref().map(|name| key(model, "CipherKey", name)));
    let timeout = option(model, model.timeout.as_ref().map(|limit| timeout(model, limit)));
    quote_spanned! {Span::mixed_site()=>
        static __NETAIO_DESCRIPTOR: #p::Descriptor<#app> = #p::Descriptor {
            name: #name,
            module: #p::core::module_path!(),
            file: #p::core::file!(),
            line: #p::core::line!(),
            column: #p::core::column!(),
            message_type: #message_type,
            uri: #uri,
            once: #once,
            auth: #auth,
            cipher: #cipher,
            timeout: #timeout,
            call: __netaio_call,
        };
    }
}

fn option(model: &Model<'_>, value: Option<TokenStream>) -> TokenStream {
    let p = &model.runtime;
    match value {
        Some(value) => {
            quote_spanned!(Span::mixed_site()=> #p::core::option::Option::Some(#value))
        }
        None => quote_spanned!(Span::mixed_site()=> #p::core::option::Option::None),
    }
}

/// A key of the app. Its type is stated, so that an error about it points at the name.
fn key(model: &Model<'_>, ty: &str, name: &Ident) -> TokenStream {
    let (p, app) = (&model.runtime, alias(model));
    let ty = Ident::new(ty, Span::mixed_site());
    let key = quote_spanned!(name.span()=> <#app>::#name);
    quote_spanned! {Span::mixed_site()=>
        { let __netaio_key: #p::#ty<#app> = #key; __netaio_key }
    }
}

fn message_type(model: &Model<'_>) -> TokenStream {
    let (p, app) = (&model.runtime, alias(model));
    match &model.message_type {
        MessageType::Base(name) => {
            quote_spanned!(Span::mixed_site()=> #p::MessageType::#name)
        }
        // The set is the app's, or else the compiler says so and points at the path.
        MessageType::Custom(path) => {
            let set = quote_spanned!(path.span()=> _);
            quote_spanned! {Span::mixed_site()=>
                #p::custom::<#app, #set>(&#path, #path as #p::core::primitive::u8)
            }
        }
    }
}

fn uri(model: &Model<'_>, uri: &Uri) -> TokenStream {
    let p = &model.runtime;
    match uri {
        Uri::Text(text) => {
            let bytes = syn::LitByteStr::new(text.value().as_bytes(), text.span());
            quote_spanned!(Span::mixed_site()=> || #bytes)
        }
        Uri::Bytes(bytes) => quote_spanned!(Span::mixed_site()=> || #bytes),
        Uri::Const(path) => quote_spanned!(Span::mixed_site()=> || #p::uri_bytes(#path)),
    }
}

fn timeout(model: &Model<'_>, timeout: &Timeout) -> TokenStream {
    let p = &model.runtime;
    match timeout {
        Timeout::Literal(limit) => {
            let (seconds, nanos) = (limit.as_secs(), limit.subsec_nanos());
            quote_spanned! {Span::mixed_site()=>
                #p::core::time::Duration::new(#seconds, #nanos)
            }
        }
        Timeout::Expression(expression) => quote_spanned! {Span::mixed_site()=>
            { let __netaio_limit: #p::core::time::Duration = #expression; __netaio_limit }
        },
    }
}
