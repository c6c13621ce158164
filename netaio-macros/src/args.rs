//! What stands between the parentheses of an attribute: `Positional, name = value, …`.
//!
//! The list is read with recovery: a mistake costs one argument, reading goes on after its
//! comma. Unknown, misplaced and repeated names are handled here, once, for every macro.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Ident, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{
    diag::Report,
    names::{closest, list},
    paths::plain_name,
};

/// A macro and the options it takes.
pub(crate) struct Grammar {
    /// As the user writes it: `#[on]`.
    pub(crate) attribute: &'static str,
    /// Each option with an example of its use.
    pub(crate) options: &'static [(&'static str, &'static str)],
}

/// The options of every macro, to say where a misplaced one belongs.
const EVERYWHERE: [(&str, &str); 7] = [
    ("uri", "`#[on]` and `#[once]`"),
    ("timeout", "`#[on]` and `#[once]`"),
    ("app", "`#[on]` and `#[once]`"),
    ("state", "`#[app]`"),
    ("types", "`#[app]`"),
    ("auth", "`#[app]`, `#[on]` and `#[once]`"),
    ("cipher", "`#[app]`, `#[on]` and `#[once]`"),
];

/// Names from elsewhere that people try, with ours.
const ALIASES: [(&str, &str); 7] = [
    ("auth_plugin", "auth"),
    ("cipher_plugin", "cipher"),
    ("path", "uri"),
    ("route", "uri"),
    ("url", "uri"),
    ("message_types", "types"),
    ("krate", "crate"),
];

/// One argument, read up to where its value begins.
pub(crate) enum Argument<'a> {
    /// `name =` was read; the name is one of the grammar's.
    Option(&'a str),
    /// Anything else; nothing was read yet.
    Positional,
}

/// Reads all arguments, giving each to `read`, which takes its value from the input.
pub(crate) fn each(
    tokens: TokenStream,
    grammar: &Grammar,
    report: &mut Report,
    mut read: impl FnMut(Argument<'_>, ParseStream<'_>, &mut Report) -> syn::Result<()>,
) {
    let mut seen: Vec<String> = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let outcome = one(input, grammar, report, &mut seen, &mut read);
            if let Err(mistake) = outcome.and_then(|()| ended(input)) {
                report.push(mistake);
                skip(input);
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(mistake) = parser.parse2(tokens) {
        report.push(mistake);
    }
}

fn one(
    input: ParseStream<'_>,
    grammar: &Grammar,
    report: &mut Report,
    seen: &mut Vec<String>,
    read: &mut impl FnMut(Argument<'_>, ParseStream<'_>, &mut Report) -> syn::Result<()>,
) -> syn::Result<()> {
    let named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    if !named {
        bare_option(input, grammar)?;
        return read(Argument::Positional, input, report);
    }
    let key = input.call(Ident::parse_any)?;
    let equals: Token![=] = input.parse()?;
    let name = plain_name(&key);
    let Some((known, example)) = grammar.options.iter().find(|(known, _)| *known == name) else {
        return Err(syn::Error::new_spanned(&key, unknown(&name, grammar)));
    };
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{name}` needs a value: write `{example}`");
        return Err(syn::Error::new_spanned(equals, message));
    }
    if seen.contains(&name) {
        let message = format!("`{name}` is given twice: keep one of the two");
        return Err(syn::Error::new_spanned(&key, message));
    }
    seen.push(name);
    read(Argument::Option(known), input, report)
}

/// Refuses the name of an option that stands alone, without `= value`.
fn bare_option(input: ParseStream<'_>, grammar: &Grammar) -> syn::Result<()> {
    let ahead = input.fork();
    let Ok(word) = ahead.call(Ident::parse_any) else { return Ok(()) };
    let name = plain_name(&word);
    let alone = ended(&ahead).is_ok() || ahead.peek(syn::token::Paren) || ahead.peek(Token![:]);
    match grammar.options.iter().find(|(known, _)| *known == name) {
        Some((_, example)) if alone && !ahead.peek(Token![::]) => {
            let message = format!("`{name}` needs a value: write `{example}`");
            Err(syn::Error::new_spanned(word, message))
        }
        _ => Ok(()),
    }
}

/// What to say about an option that the macro does not have.
pub(crate) fn unknown(name: &str, grammar: &Grammar) -> String {
    let known: Vec<&str> = grammar.options.iter().map(|(known, _)| *known).collect();
    let attribute = grammar.attribute;
    if let Some((_, home)) = EVERYWHERE.iter().find(|(option, _)| *option == name) {
        return format!("`{name}` is an option of {home}; `{attribute}` takes {}", list(&known));
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, ours)| *ours);
    let meant = alias.filter(|ours| known.contains(ours)).or_else(|| closest(name, &known));
    let guess = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    format!("unknown option `{name}`; {guess}`{attribute}` takes {}", list(&known))
}

/// An error unless the value is complete here.
pub(crate) fn ended(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error("expected `,` here, or the end of the list"))
}

/// Takes the tokens up to the next comma, or all of them.
pub(crate) fn skip(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while ended(input).is_err() {
        match input.parse::<TokenTree>() {
            Ok(token) => skipped.extend([token]),
            Err(_) => break,
        }
    }
    skipped
}

/// A path without generic arguments, with a message of our own.
pub(crate) fn path(input: ParseStream<'_>, expected: &str) -> syn::Result<Path> {
    let ahead = input.fork();
    let usable = ahead.call(Path::parse_mod_style).is_ok() && ended(&ahead).is_ok();
    if usable { input.call(Path::parse_mod_style) } else { Err(refuse(input, expected)) }
}

/// Takes the whole value and returns an error on it.
pub(crate) fn refuse(input: ParseStream<'_>, message: impl std::fmt::Display) -> syn::Error {
    let start = input.span();
    let value = skip(input);
    if value.is_empty() {
        return syn::Error::new(start, message);
    }
    syn::Error::new_spanned(value, message)
}

/// `crate = path`, the option that every macro has.
pub(crate) fn runtime_path(input: ParseStream<'_>) -> syn::Result<Path> {
    path(input, "`crate` takes the path of the netaio crate: write `crate = my_facade::netaio`")
}

/// The place of the attribute itself, for what is missing from it.
pub(crate) fn attribute_span() -> Span {
    Span::call_site()
}
