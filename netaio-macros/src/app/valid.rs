//! Checks that need more than one token, and the model that can always be expanded.

use quote::ToTokens;
use syn::{Attribute, Ident, Path, Type};

use super::{ast::App, attr::Options};
use crate::{
    diag::Report,
    paths::{Runtime, plain_name},
};

/// The inherent item that the expansion adds beside the keys.
const INHERENT: &str = "builder";

/// Everything the expansion needs. Where the user made a mistake, something harmless stands in.
pub(super) struct Model<'a> {
    pub(super) runtime: Runtime,
    pub(super) app: &'a App,
    /// The attributes to emit; an `#[app]` among them is left out.
    pub(super) attributes: Vec<&'a Attribute>,
    pub(super) state: Option<Type>,
    pub(super) types: Option<Path>,
    pub(super) auth: Vec<Ident>,
    pub(super) cipher: Vec<Ident>,
    /// False when the item is one that no trait can be implemented for.
    pub(super) usable: bool,
}

pub(super) fn check<'a>(options: Options, app: &'a App, report: &mut Report) -> Model<'a> {
    let (repeated, attributes): (Vec<_>, Vec<_>) = app.attributes.iter().partition(|a| is_app(a));
    for attribute in repeated {
        report.error(attribute, "`#[app]` is written twice: keep one, with all options in it");
    }
    let mut declared: Vec<Ident> = Vec::new();
    let auth = keys("auth", options.auth, &mut declared, report);
    let cipher = keys("cipher", options.cipher, &mut declared, report);
    Model {
        runtime: Runtime::new(options.runtime.as_ref()),
        app,
        attributes,
        state: options.state,
        types: options.types,
        auth,
        cipher,
        usable: item(app, report),
    }
}

fn is_app(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let netaio = path.segments.first().is_some_and(|first| first.ident == "netaio");
    let ours = path.segments.last().is_some_and(|last| last.ident == "app");
    ours && (path.segments.len() == 1 || netaio)
}

/// The keys that can be emitted: each name once, and none of ours.
fn keys(
    option: &str,
    keys: Vec<Ident>,
    declared: &mut Vec<Ident>,
    report: &mut Report,
) -> Vec<Ident> {
    let mut kept = Vec::new();
    for key in keys {
        let name = plain_name(&key);
        if name == INHERENT {
            report.error(
                &key,
                format!("`App::{name}` is an item of every app: name this {option} key otherwise"),
            );
        } else if declared.iter().any(|other| plain_name(other) == name) {
            report.error(
                &key,
                format!(
                    "the key `{name}` is declared twice: name one of them otherwise, or remove it"
                ),
            );
        } else {
            declared.push(key.clone());
            kept.push(key);
        }
    }
    kept
}

/// Checks the struct; false when nothing can be implemented for it.
fn item(app: &App, report: &mut Report) -> bool {
    let name = &app.name;
    if app.keyword != "struct" {
        report.error(
            &app.keyword,
            format!("`#[app]` goes above a unit struct, this is not one: write `struct {name};`"),
        );
    }
    let generic = !app.generics.params.is_empty() || app.generics.lt_token.is_some();
    if generic {
        report.error(
            &app.generics,
            format!("an app has no generic parameters: write `struct {name};`"),
        );
    } else if app.keyword == "struct" && !is_unit(app) {
        report.error(
            &app.rest,
            format!(
                "an app has no fields, its data is its state: write `#[app(state = …)] struct \
                 {name};`"
            ),
        );
    }
    !generic
}

fn is_unit(app: &App) -> bool {
    app.rest.to_token_stream().to_string() == ";"
}
