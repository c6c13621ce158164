//! The arguments of `#[on]` and `#[once]`: tokens to typed options.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Expr, Ident, Lit, LitByteStr, LitStr, Path, ext::IdentExt, parse::ParseStream};

use super::Kind;
use crate::{
    args::{self, Argument},
    diag::Report,
    paths::plain_name,
};

/// What the attributes take besides the message type, each with an example.
pub(super) const OPTIONS: [(&str, &str); 6] = [
    ("uri", "uri = \"echo\""),
    ("auth", "auth = admin"),
    ("cipher", "cipher = sealed"),
    ("timeout", "timeout = \"2s\""),
    ("app", "app = crate::App"),
    ("crate", "crate = my_facade::netaio"),
];

/// The attribute as written. What could not be read is missing, and was reported.
#[derive(Default)]
pub(super) struct Options {
    pub(super) message_type: Option<Path>,
    pub(super) uri: Option<Uri>,
    pub(super) auth: Option<Ident>,
    pub(super) cipher: Option<Ident>,
    pub(super) timeout: Option<Timeout>,
    pub(super) app: Option<Path>,
    pub(super) runtime: Option<Path>,
}

/// `uri = …`
pub(super) enum Uri {
    Text(LitStr),
    Bytes(LitByteStr),
    Const(Path),
}

/// `timeout = …`
pub(super) enum Timeout {
    Literal(Duration),
    Expression(Box<Expr>),
}

pub(super) fn parse(kind: Kind, arguments: TokenStream, report: &mut Report) -> Options {
    let mut options = Options::default();
    let mistakes = report.len();
    let mut first = true;
    args::each(arguments, &kind.grammar(), report, |argument, input, report| {
        let leading = std::mem::replace(&mut first, false);
        match argument {
            Argument::Positional if options.message_type.is_some() => {
                return Err(args::refuse(input, second_type(kind, input)));
            }
            Argument::Positional => {
                let path = message_type(kind, input)?;
                if !leading {
                    let example = kind.example(&format!("{}, …", spelled(&path)));
                    report.error(&path, format!("the message type comes first: write `{example}`"));
                }
                options.message_type = Some(path);
            }
            Argument::Option("uri") => options.uri = Some(uri(input)?),
            Argument::Option(name @ "auth") => options.auth = Some(key(name, input)?),
            Argument::Option(name @ "cipher") => options.cipher = Some(key(name, input)?),
            Argument::Option("timeout") => options.timeout = Some(timeout(input)?),
            Argument::Option("app") => {
                let expected = "`app` takes the path of a struct that has `#[app]`: write \
                                `app = crate::App`";
                options.app = Some(args::path(input, expected)?);
            }
            Argument::Option(..) => options.runtime = Some(args::runtime_path(input)?),
        }
        Ok(())
    });
    if options.message_type.is_none() && report.len() == mistakes {
        let example = kind.example("RequestUri");
        let message = format!("a handler names the message type it answers: write `{example}`");
        report.error_at(args::attribute_span(), message);
    }
    options
}

/// What to say about a second type, or about what looks like the first half of an option.
fn second_type(kind: Kind, input: ParseStream<'_>) -> String {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().ok().filter(|_| args::ended(&ahead).is_ok());
    if let Some(word) = word.map(|word| plain_name(&word))
        && word.starts_with(char::is_lowercase)
    {
        return args::unknown(&word, &kind.grammar());
    }
    let [one, other] = ["CreateUri", "UpdateUri"].map(|name| kind.example(name));
    format!(
        "a handler answers one message type: give the other type a fn of its own \
         (`{one}` above one, `{other}` above the other)"
    )
}

fn message_type(kind: Kind, input: ParseStream<'_>) -> syn::Result<Path> {
    let example = kind.example("RequestUri");
    let message = match input.fork().parse::<Lit>() {
        Ok(Lit::Str(text)) => match text.parse::<Ident>() {
            Ok(name) => format!("a message type is a name, not a text: write `{name}`"),
            Err(_) => format!("a message type is a name, not a text: write `{example}`"),
        },
        Ok(_) => format!(
            "a message type is a name, not a number: write a base type as in `{example}`, or a \
             custom one as in `{}`",
            kind.example("ChatTypes::Say")
        ),
        Err(_) => format!("expected a message type or `name = value`: write `{example}`"),
    };
    args::path(input, &message)
}

fn uri(input: ParseStream<'_>) -> syn::Result<Uri> {
    let ahead = input.fork();
    let literal = ahead.parse::<Lit>().ok().filter(|_| args::ended(&ahead).is_ok());
    let expected = "`uri` takes a text, a byte string or the path of a const: write \
                    `uri = \"echo\"`, `uri = b\"\\x01\"` or `uri = ECHO_URI`";
    match literal {
        Some(Lit::Str(_)) => input.parse().map(Uri::Text),
        Some(Lit::ByteStr(_)) => input.parse().map(Uri::Bytes),
        Some(_) => Err(args::refuse(input, expected)),
        None => args::path(input, expected).map(Uri::Const),
    }
}

/// The name of one key. Anything else may be an attempt to write the secret itself.
fn key(option: &str, input: ParseStream<'_>) -> syn::Result<Ident> {
    let ahead = input.fork();
    if ahead.parse::<Ident>().is_ok() && args::ended(&ahead).is_ok() {
        return input.parse();
    }
    let ahead = input.fork();
    let keyword = ahead.call(Ident::parse_any).ok().filter(|_| args::ended(&ahead).is_ok());
    let path = input.fork().call(Path::parse_mod_style).ok();
    let alone = path.filter(|_| args::path(&input.fork(), "").is_ok());
    let message = if let Some(keyword) = keyword {
        format!("`{keyword}` is a keyword: write `{option} = r#{keyword}`, or rename the key")
    } else if let Some(last) = alone.as_ref().and_then(|path| path.segments.last()) {
        format!("`{option}` takes the name of a key alone: write `{option} = {}`", last.ident)
    } else if input.peek(syn::token::Bracket) {
        format!(
            "a handler has one `{option}` key: write `{option} = admin` (a list of keys is \
             declared by `#[app({option} = [admin])]`)"
        )
    } else {
        format!(
            "`{option}` takes the name of a key, never a secret or a plugin: declare the name in \
             `#[app({option} = [admin])]`, write `{option} = admin` here, and bind the plugin \
             with `.bind_{option}(App::admin, …)`"
        )
    };
    Err(args::refuse(input, message))
}

fn timeout(input: ParseStream<'_>) -> syn::Result<Timeout> {
    let expected = "`timeout` takes a text with a unit, or a const `Duration`: write \
                    `timeout = \"500ms\"`, `timeout = \"2s\"` or `timeout = LIMIT`";
    let ahead = input.fork();
    if ahead.parse::<Expr>().is_err() || args::ended(&ahead).is_err() {
        return Err(args::refuse(input, expected));
    }
    let expression: Expr = input.parse()?;
    let mut inner = &expression;
    while let Expr::Group(group) = inner {
        inner = &group.expr;
    }
    match inner {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => duration(text).map(Timeout::Literal),
            Lit::Int(number) if number.suffix().is_empty() => Err(syn::Error::new(
                number.span(),
                format!("a timeout needs a unit: write `timeout = \"{number}s\"`"),
            )),
            Lit::Int(number) => Err(syn::Error::new(
                number.span(),
                format!("a timeout is written as a text: write `timeout = \"{number}\"`"),
            )),
            other => Err(syn::Error::new(other.span(), expected)),
        },
        _ => Ok(Timeout::Expression(Box::new(expression))),
    }
}

fn duration(text: &LitStr) -> syn::Result<Duration> {
    let value = text.value();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let refuse = |message: String| syn::Error::new(text.span(), message);
    let form = || {
        refuse(format!(
            "`{value}` is not a timeout: write a whole number and a unit (`ms`, `s` or `m`), as \
             in `\"500ms\"`, `\"2s\"` or `\"1m\"`"
        ))
    };
    let number: u64 = number.parse().map_err(|_| form())?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60).ok_or_else(form)?),
        "" => return Err(refuse(format!("a timeout needs a unit: write `\"{value}s\"`"))),
        _ => return Err(form()),
    };
    if duration.is_zero() {
        let message = "a timeout of zero lets no handler finish: write a longer one, or leave \
                       `timeout` out for none";
        return Err(refuse(message.to_owned()));
    }
    Ok(duration)
}

/// The path as the user wrote it.
pub(super) fn spelled(path: &Path) -> String {
    let names: Vec<String> =
        path.segments.iter().map(|segment| plain_name(&segment.ident)).collect();
    let root = if path.leading_colon.is_some() { "::" } else { "" };
    format!("{root}{}", names.join("::"))
}
