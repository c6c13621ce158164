//! Checks that need more than one token, and the model that can always be expanded.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Attribute, FnArg, GenericParam, Ident, PatType, Path, Receiver, ReturnType, Safety, Type,
};

use super::{
    Kind,
    ast::{Handler, cfgs},
    attr::{Options, Timeout, Uri, spelled},
    types,
};
use crate::{
    diag::Report,
    names::{BASE_TYPES, base_type_like, closest},
    paths::{Runtime, default_app, plain_name},
};

/// The longest uri that fits into a message: 65 422 bytes are for uri and content together.
const LONGEST_URI: usize = 65_422;

/// Everything the expansion needs. Where the user made a mistake, something harmless stands in.
pub(super) struct Model<'a> {
    pub(super) runtime: Runtime,
    pub(super) handler: &'a Handler,
    /// The attributes to emit; those that would expand to a second handler are left out.
    pub(super) attributes: Vec<&'a Attribute>,
    pub(super) app: Path,
    pub(super) once: bool,
    pub(super) message_type: MessageType,
    pub(super) uri: Option<Uri>,
    pub(super) auth: Option<Ident>,
    pub(super) cipher: Option<Ident>,
    pub(super) timeout: Option<Timeout>,
    /// The arguments, or nothing when the signature is one that no generated code can call.
    pub(super) arguments: Option<Vec<Argument<'a>>>,
}

/// The type that a handler is registered for.
pub(super) enum MessageType {
    /// A variant of the runtime's own enum.
    Base(Ident),
    /// A variant of the app's type set.
    Custom(Path),
}

/// One argument of the fn.
pub(super) struct Argument<'a> {
    pub(super) attributes: &'a [Attribute],
    pub(super) ty: &'a Type,
    /// Whether it borrows, which is from the message.
    pub(super) borrows: bool,
}

pub(super) fn check<'a>(
    kind: Kind,
    options: Options,
    handler: &'a Handler,
    report: &mut Report,
) -> Model<'a> {
    let once_more = |attribute: &&Attribute| is_registration(attribute);
    for attribute in handler.attributes.iter().filter(once_more) {
        report.error(
            attribute,
            format!(
                "`{}` is registered by the attribute above already: give this message type a fn \
                 of its own",
                plain_name(handler.name())
            ),
        );
    }
    Model {
        runtime: Runtime::new(options.runtime.as_ref()),
        handler,
        attributes: handler.attributes.iter().filter(|a| !is_registration(a)).collect(),
        app: options.app.unwrap_or_else(default_app),
        once: kind == Kind::Once,
        message_type: message_type(options.message_type, report),
        uri: options.uri.filter(|uri| uri_fits(uri, report)),
        auth: options.auth,
        cipher: options.cipher,
        timeout: options.timeout,
        arguments: arguments(handler, report),
    }
}

/// True for another `#[on]` or `#[once]` of ours.
fn is_registration(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let ours = path.segments.last().is_some_and(|last| last.ident == "on" || last.ident == "once");
    let netaio = path.segments.first().is_some_and(|first| first.ident == "netaio");
    ours && (path.segments.len() == 1 || netaio)
}

fn message_type(path: Option<Path>, report: &mut Report) -> MessageType {
    let stand_in = || MessageType::Base(Ident::new("RequestUri", proc_macro2::Span::mixed_site()));
    let Some(path) = path else { return stand_in() };
    let mut segments = path.segments.iter().rev().map(|segment| &segment.ident);
    let (Some(name), owner) = (segments.next(), segments.next()) else { return stand_in() };
    let known = BASE_TYPES.iter().any(|base| name == base);
    match owner {
        None if known => MessageType::Base(name.clone()),
        Some(owner) if known && owner == "MessageType" => MessageType::Base(name.clone()),
        Some(_) => MessageType::Custom(path),
        None => {
            let name = plain_name(name);
            let guess = base_type_like(&name).or_else(|| closest(&name, &BASE_TYPES));
            report.error(&path, unknown_type(&spelled(&path), guess));
            stand_in()
        }
    }
}

fn unknown_type(name: &str, guess: Option<&str>) -> String {
    match guess {
        Some(guess) => format!("no base message type is named `{name}`: did you mean `{guess}`?"),
        None => format!(
            "no base message type is named `{name}`: a custom type is written with its set, as \
             in `ChatTypes::{name}`; the base types are {}",
            BASE_TYPES.join(", ")
        ),
    }
}

fn uri_fits(uri: &Uri, report: &mut Report) -> bool {
    let (tokens, length) = match uri {
        Uri::Text(text) => (text.to_token_stream(), text.value().len()),
        Uri::Bytes(bytes) => (bytes.to_token_stream(), bytes.value().len()),
        Uri::Const(_) => return true,
    };
    if length > LONGEST_URI {
        let message = format!(
            "this uri has {length} bytes, and no message can carry more than {LONGEST_URI}: \
             shorten it"
        );
        report.error(tokens, message);
    }
    length <= LONGEST_URI
}

/// The arguments if generated code can call the fn; every reason why not is reported.
fn arguments<'a>(handler: &'a Handler, report: &mut Report) -> Option<Vec<Argument<'a>>> {
    let before = report.len();
    qualifiers(handler, report);
    generics(handler, report);
    returns(handler, report);
    if let (None, Some(word)) = (handler.signature.receiver(), handler.self_type()) {
        report.error(
            word,
            "a handler is a free fn, which has no `Self`: name the type, and move the fn out of \
             the `impl`",
        );
    }
    let (mut arguments, is_async) = (Vec::new(), handler.signature.asyncness.is_some());
    for (input, at) in handler.signature.inputs.iter().zip(1..) {
        match input {
            FnArg::Receiver(receiver) => report.error(
                receiver.self_token,
                "a handler is a free fn: take the data as `State(…): State<T>` instead of `self`, \
                 and move the fn out of the `impl`",
            ),
            FnArg::Typed(argument) => {
                let may_borrow = if is_async {
                    Err("an async handler owns its arguments, for it may have to wait: take the \
                         type without `&`, for example `Content`, or make it a plain `fn`")
                } else if handler.signature.inputs.iter().skip(at).any(always_there) {
                    Err("only the last argument can be borrowed from the message: take the type \
                         without `&`, for example `Uri` or `State<T>`")
                } else {
                    Ok(())
                };
                argument_type(&argument.ty, may_borrow, report);
                arguments.push(Argument {
                    attributes: &argument.attrs,
                    ty: &argument.ty,
                    borrows: may_borrow.is_ok() && types::borrows(argument.ty.to_token_stream()),
                });
            }
        }
    }
    (report.len() == before).then_some(arguments)
}

fn qualifiers(handler: &Handler, report: &mut Report) {
    let signature = &handler.signature;
    if let Safety::Unsafe(token) = &signature.safety {
        report.error(
            token,
            "a handler cannot be `unsafe`, anyone's message may call it: remove `unsafe`, and keep \
             it to a block inside",
        );
    }
    if let Some(abi) = &signature.abi {
        report.error(abi, "a handler is a Rust fn: remove `extern`");
    }
    if let Some(variadic) = &signature.variadic {
        report.error(variadic.dots, "a handler has a fixed number of arguments: remove `...`");
    }
    if types::PRIMITIVES.iter().any(|primitive| signature.ident == primitive) {
        let name = &signature.ident;
        report.error(
            name,
            format!(
                "a handler named `{name}` would hide the type `{name}` in this module: rename \
                 the fn"
            ),
        );
    }
    if !has_a_body(&handler.body) {
        report.error(&signature.ident, "a handler needs a body: write `{ … }` instead of `;`");
    }
}

fn has_a_body(body: &TokenStream) -> bool {
    use proc_macro2::{Delimiter, TokenTree};
    body.clone().into_iter().any(
        |token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
    )
}

fn generics(handler: &Handler, report: &mut Report) {
    for parameter in &handler.signature.generics.params {
        let (what, name) = match parameter {
            // A lifetime is the caller's choice, and the generated caller leaves it to the compiler.
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(parameter) => ("type", &parameter.ident),
            GenericParam::Const(parameter) => ("value", &parameter.ident),
        };
        report.error(
            name,
            format!(
                "a handler cannot be generic, nothing chooses the {what} `{name}`: write a \
                 concrete {what}, or call a generic fn from the handler"
            ),
        );
    }
}

/// False for an argument with `#[cfg]`.
fn always_there(argument: &FnArg) -> bool {
    let (FnArg::Typed(PatType { attrs, .. }) | FnArg::Receiver(Receiver { attrs, .. })) = argument;
    cfgs(attrs).next().is_none()
}

/// `may_borrow` says whether it may be borrowed from the message, or else why not.
fn argument_type(ty: &Type, may_borrow: Result<(), &str>, report: &mut Report) {
    if let Some(keyword) = types::impl_keyword(ty) {
        report.error(
            keyword,
            "a handler's arguments have concrete types, nothing chooses this `impl`: name the \
             type, for example `Content` or `State<T>`",
        );
    } else if let (Type::Reference(reference), Err(reason)) = (types::peel(ty), may_borrow) {
        let is_static = reference.lifetime.as_ref().is_some_and(|l| l.ident == "static");
        if !is_static {
            report.error(reference.and_token, reason);
        }
    }
}

fn returns(handler: &Handler, report: &mut Report) {
    let ReturnType::Type(_, ty) = &handler.signature.output else { return };
    if handler.signature.asyncness.is_some() {
        return;
    }
    if let Some(future) = types::future(ty) {
        report.error(
            future,
            format!(
                "nothing awaits the future that this fn returns: write `async fn {}` and return \
                 its output",
                handler.name()
            ),
        );
    }
}
