//! `handlers![create, module::read]`: handlers by name, for `builder.mount(…)`.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use crate::{
    args::{self, Argument, Grammar},
    diag,
    paths::Runtime,
};

const GRAMMAR: Grammar =
    Grammar { attribute: "handlers![]", options: &[("crate", "crate = my_facade::netaio")] };

/// Expands to an array of descriptors.
pub(crate) fn expand(list: TokenStream) -> TokenStream {
    let (mut handlers, mut runtime) = (Vec::<Path>::new(), None);
    let mistakes = diag::collect(|report| {
        args::each(list, &GRAMMAR, report, |argument, input, _| {
            match argument {
                Argument::Option(..) => runtime = Some(args::runtime_path(input)?),
                Argument::Positional => {
                    let expected = "`handlers![]` takes the names of fns that have `#[on]` or \
                                    `#[once]`: write `handlers![create, module::read]`";
                    handlers.push(args::path(input, expected)?);
                }
            }
            Ok(())
        });
        TokenStream::new()
    });
    let p = Runtime::new(runtime.as_ref());
    let array = quote_spanned! {Span::mixed_site()=>
        [#(<#handlers as #p::Registered<_>>::descriptor()),*]
    };
    if mistakes.is_empty() {
        array
    } else {
        quote_spanned!(Span::mixed_site()=> { #mistakes #array })
    }
}
