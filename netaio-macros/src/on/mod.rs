//! `#[on]` and `#[once]`: register a fn as the handler of a message type.

mod ast;
mod attr;
mod expand;
mod types;
mod valid;

use proc_macro2::TokenStream;

use crate::{args::Grammar, diag};

/// Which of the two attributes is expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    On,
    Once,
}

impl Kind {
    fn grammar(self) -> Grammar {
        let attribute = match self {
            Self::On => "#[on]",
            Self::Once => "#[once]",
        };
        Grammar { attribute, options: &attr::OPTIONS }
    }

    /// The attribute with these arguments, for examples in messages.
    fn example(self, arguments: &str) -> String {
        match self {
            Self::On => format!("#[on({arguments})]"),
            Self::Once => format!("#[once({arguments})]"),
        }
    }
}

/// Expands the attribute; the item is part of the result whatever is wrong with it.
pub(crate) fn expand(kind: Kind, arguments: TokenStream, item: TokenStream) -> TokenStream {
    diag::collect(|report| {
        let options = attr::parse(kind, arguments, report);
        let Some(handler) = ast::parse(kind, item.clone(), report) else { return item };
        let model = valid::check(kind, options, &handler, report);
        expand::expand(&model)
    })
}
