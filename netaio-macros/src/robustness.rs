//! Whatever tokens come in, tokens come out: no macro panics.

use proc_macro2::{TokenStream, TokenTree};
use proptest::prelude::*;

use crate::{app, handlers, message_types, on};

/// Attributes and items as people write them, right and wrong.
const ARGUMENTS: &[&str] = &[
    "",
    "state = Store, auth = [admin, reader], cipher = [sealed], types = ChatTypes, crate = a::b",
    "CreateUri, uri = \"x\", auth = admin, cipher = sealed, timeout = \"2s\", app = crate::Shop",
    "ChatTypes::Say, uri = b\"\\x00\", timeout = LIMIT",
    "create, module::read",
    "auth = HmacAuth::new(\"secret\"), CreateUri UpdateUri, 3, uri",
];

const ITEMS: &[&str] = &[
    "struct App;",
    "pub struct App<T>(T);",
    "async fn create(uri: Uri, State(s): State<Store>, content: Content) -> Result<(), E> { body() }",
    "pub(crate) unsafe extern \"C\" fn f<'a, T: X>(&self, #[cfg(x)] a: &'a impl Y, ...) -> impl Future;",
    "const fn str() -> ! { loop {} }",
    "#[derive(Debug)] #[repr(u8)] pub enum ChatTypes { Say = 50, #[cfg(x)] Join = 0xff, Ok(u8), Bad { x: u8 } = -1 }",
    "impl X for Y { fn z() {} }",
];

/// Changes tokens at a place, at any depth: drops, doubles or swaps them, or puts others there.
fn mutate(tokens: TokenStream, places: &mut std::slice::Iter<'_, (u8, u8)>) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    for tree in &mut trees {
        if let TokenTree::Group(group) = tree {
            let inner = mutate(group.stream(), places);
            *tree = TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner));
        }
    }
    if let (Some(&(at, how)), false) = (places.next(), trees.is_empty()) {
        let at = usize::from(at) % trees.len();
        match how % 5 {
            0 => drop(trees.remove(at)),
            1 => trees.insert(at, trees[at].clone()),
            2 => trees.truncate(at),
            3 => trees.reverse(),
            _ => {
                let odd: TokenStream = "= , :: # [ ] r#fn 'a 1.5 self".parse().expect("tokens");
                trees.splice(at..at, odd);
            }
        }
    }
    trees.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_token_stream_makes_a_macro_panic(
        arguments in 0..ARGUMENTS.len(),
        item in 0..ITEMS.len(),
        places in proptest::collection::vec(any::<(u8, u8)>(), 0..12),
    ) {
        let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
        let mut places = places.iter();
        let arguments = mutate(parse(ARGUMENTS[arguments]), &mut places);
        let item = mutate(parse(ITEMS[item]), &mut places);
        // Each returns: the mistakes are in what it returns.
        app::expand(arguments.clone(), item.clone());
        on::expand(on::Kind::On, arguments.clone(), item.clone());
        on::expand(on::Kind::Once, arguments.clone(), item.clone());
        message_types::expand(arguments.clone(), item);
        handlers::expand(arguments);
    }
}
