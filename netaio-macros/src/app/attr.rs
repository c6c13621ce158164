//! The arguments of `#[app]`: tokens to typed options.

use proc_macro2::TokenStream;
use syn::{Ident, LitStr, Path, Token, Type, ext::IdentExt, parse::ParseStream};

use crate::{
    args::{self, Argument, Grammar},
    diag::Report,
};

pub(super) const GRAMMAR: Grammar = Grammar {
    attribute: "#[app]",
    options: &[
        ("state", "state = Store"),
        ("auth", "auth = [admin]"),
        ("cipher", "cipher = [sealed]"),
        ("types", "types = ChatTypes"),
        ("crate", "crate = my_facade::netaio"),
    ],
};

/// The attribute as written. What could not be read is missing, and was reported.
#[derive(Default)]
pub(super) struct Options {
    pub(super) state: Option<Type>,
    pub(super) auth: Vec<Ident>,
    pub(super) cipher: Vec<Ident>,
    pub(super) types: Option<Path>,
    pub(super) runtime: Option<Path>,
}

pub(super) fn parse(arguments: TokenStream, report: &mut Report) -> Options {
    let mut options = Options::default();
    args::each(arguments, &GRAMMAR, report, |argument, input, report| {
        match argument {
            Argument::Positional => {
                let message = "expected `name = value`: write `#[app(state = Store)]`, or \
                               `#[app]` alone for an app without state";
                return Err(args::refuse(input, message));
            }
            Argument::Option("state") => options.state = Some(state(input)?),
            Argument::Option(name @ "auth") => options.auth = keys(name, input, report)?,
            Argument::Option(name @ "cipher") => options.cipher = keys(name, input, report)?,
            Argument::Option("types") => {
                let expected = "`types` takes the path of an enum that has `#[message_types]`: \
                                write `types = ChatTypes`";
                options.types = Some(args::path(input, expected)?);
            }
            Argument::Option(..) => options.runtime = Some(args::runtime_path(input)?),
        }
        Ok(())
    });
    options
}

fn state(input: ParseStream<'_>) -> syn::Result<Type> {
    let ahead = input.fork();
    if ahead.parse::<Type>().is_ok() && args::ended(&ahead).is_ok() {
        return input.parse();
    }
    let message = "`state` takes a type, its value is given at run time with \
                   `App::builder().state(…)`: write `state = Store`";
    Err(args::refuse(input, message))
}

/// `[admin, reader]`
fn keys(option: &str, input: ParseStream<'_>, report: &mut Report) -> syn::Result<Vec<Ident>> {
    if !input.peek(syn::token::Bracket) {
        return match input.fork().parse::<Ident>() {
            Ok(key) => {
                let value = args::skip(input);
                let message = format!("the keys are a list: write `{option} = [{key}]`");
                report.error(value, message);
                Ok(vec![key])
            }
            Err(_) => Err(args::refuse(input, not_a_list(option))),
        };
    }
    let list;
    syn::bracketed!(list in input);
    let mut keys = Vec::new();
    while !list.is_empty() {
        match key(option, &list) {
            Ok(key) => keys.push(key),
            Err(mistake) => report.push(mistake),
        }
        args::skip(&list);
        list.parse::<Option<Token![,]>>()?;
    }
    Ok(keys)
}

fn not_a_list(option: &str) -> String {
    format!(
        "`{option}` takes a list of key names, the secrets come at run time through \
         `.bind_{option}(App::admin, …)`: write `{option} = [admin]`"
    )
}

fn key(option: &str, list: ParseStream<'_>) -> syn::Result<Ident> {
    let ahead = list.fork();
    if let Ok(key) = ahead.parse::<Ident>()
        && args::ended(&ahead).is_ok()
    {
        return Ok(key);
    }
    let ahead = list.fork();
    if let (Ok(word), true) = (ahead.call(Ident::parse_any), args::ended(&ahead).is_ok()) {
        let message = format!("`{word}` is a keyword: write `r#{word}`, or name the key otherwise");
        return Err(syn::Error::new(word.span(), message));
    }
    if let Some(key) = list.fork().parse::<LitStr>().ok().and_then(|text| text.parse().ok()) {
        let key: Ident = key;
        let message = format!("a key is a plain name: write `{option} = [{key}]`");
        return Err(args::refuse(list, message));
    }
    Err(args::refuse(list, not_a_list(option)))
}
