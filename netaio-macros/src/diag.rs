//! Mistakes are collected and reported together, beside the item they were found in.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Runs one macro: what `work` returns, followed by every mistake that it reported.
///
/// The report lives only in here, so no stage can forget to look at it.
pub(crate) fn collect(work: impl FnOnce(&mut Report) -> TokenStream) -> TokenStream {
    let mut report = Report::default();
    let mut output = work(&mut report);
    output.extend(report.mistakes.iter().map(syn::Error::to_compile_error));
    output
}

/// The mistakes found so far in one use of a macro.
#[derive(Default)]
pub(crate) struct Report {
    mistakes: Vec<syn::Error>,
}

impl Report {
    /// Reports a mistake on the tokens that are wrong.
    pub(crate) fn error(&mut self, guilty: impl ToTokens, message: impl Display) {
        self.mistakes.push(syn::Error::new_spanned(guilty, message));
    }

    /// Reports a mistake where there is no token to point at, only a place.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Display) {
        self.mistakes.push(syn::Error::new(span, message));
    }

    /// Reports a mistake that a parser found.
    pub(crate) fn push(&mut self, mistake: syn::Error) {
        self.mistakes.push(mistake);
    }

    /// How many mistakes were reported; a stage compares it before and after a step.
    pub(crate) fn len(&self) -> usize {
        self.mistakes.len()
    }
}
