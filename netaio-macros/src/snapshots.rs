//! What the macros write, for representative inputs: to be read when it changes.
//!
//! `INSTA_UPDATE=always cargo test -p netaio-macros snapshots` writes the files anew.

use proc_macro2::TokenStream;

use crate::{app, message_types, on};

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("tokens")
}

fn pretty(expanded: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(expanded).expect("a file"))
}

/// Expands a handler, which may cost this many lines, as they are formatted here, beside the fn.
fn handler(arguments: &str, item: &str, at_most: usize) -> String {
    let pretty = pretty(on::expand(on::Kind::On, tokens(arguments), tokens(item)));
    let own = prettyplease::unparse(&syn::parse_str(item).expect("a file"));
    let lines = pretty.lines().count() - own.lines().count();
    assert!(lines <= at_most, "{lines} lines for one handler");
    pretty
}

#[test]
fn an_app_with_state_keys_and_types() {
    let arguments = "state = Store, auth = [admin], cipher = [sealed], types = ChatTypes";
    let item = "/// A store.\npub(crate) struct App;";
    insta::assert_snapshot!(pretty(app::expand(tokens(arguments), tokens(item))));
}

#[test]
fn a_plain_handler() {
    let item = "fn read() -> &'static str { \"hello\" }";
    insta::assert_snapshot!(handler("RequestUri", item, 50));
}

#[test]
fn a_handler_that_borrows() {
    let item = "fn first<'a>(uri: Uri, content: &'a [u8]) -> Option<&'a [u8]> { content.get(..1) }";
    insta::assert_snapshot!(handler("RequestUri", item, 75));
}

#[test]
fn an_async_handler_with_all_options() {
    let arguments = "CreateUri, uri = \"a\", auth = admin, cipher = sealed, timeout = \"2s\", app = crate::Shop";
    let item = "/// Creates.\n#[cfg(unix)]\npub async fn create(uri: Uri, State(s): State<Store>, \
                content: Content) -> Result<(), ReplyError> { Ok(()) }";
    insta::assert_snapshot!(handler(arguments, item, 100));
}

#[test]
fn a_handler_with_a_mistake_is_itself_and_a_message() {
    let expanded = on::expand(on::Kind::On, tokens("CreatUri"), tokens("async fn create() {}"));
    insta::assert_snapshot!(pretty(expanded));
}

#[test]
fn custom_types() {
    let item = "pub enum ChatTypes { /// Something.\n Say = 50, Join = 51 }";
    insta::assert_snapshot!(pretty(message_types::expand(tokens(""), tokens(item))));
}
