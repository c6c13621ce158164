//! The arguments of `#[message_types]`: tokens to typed options.

use proc_macro2::TokenStream;
use syn::Path;

use crate::{
    args::{self, Argument, Grammar},
    diag::Report,
};

const GRAMMAR: Grammar =
    Grammar { attribute: "#[message_types]", options: &[("crate", "crate = my_facade::netaio")] };

/// The attribute as written.
#[derive(Default)]
pub(super) struct Options {
    pub(super) runtime: Option<Path>,
}

pub(super) fn parse(arguments: TokenStream, report: &mut Report) -> Options {
    let mut options = Options::default();
    args::each(arguments, &GRAMMAR, report, |argument, input, _| match argument {
        Argument::Option(..) => {
            options.runtime = Some(args::runtime_path(input)?);
            Ok(())
        }
        Argument::Positional => Err(args::refuse(
            input,
            "the types are the variants of the enum below: write `#[message_types]` alone",
        )),
    });
    options
}
