//! The rules of custom message types, and the model that can always be expanded.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Attribute, Expr, Ident, Lit, UnOp};

use super::{
    ast::{TypeSet, Variant},
    attr::Options,
};
use crate::{
    diag::Report,
    names::base_type_like,
    paths::{Runtime, plain_name},
};

/// The first number that an application may use; those below belong to the protocol.
const FIRST: u8 = 31;

/// Everything the expansion needs. Where the user made a mistake, something harmless stands in.
pub(super) struct Model<'a> {
    pub(super) runtime: Runtime,
    pub(super) set: &'a TypeSet,
    /// The attributes to emit; a wrong `repr` is left out.
    pub(super) attributes: Vec<&'a Attribute>,
    pub(super) types: Vec<CustomType<'a>>,
    /// True when the enum says `#[repr(u8)]` itself.
    pub(super) has_repr: bool,
}

/// A variant that can be emitted.
pub(super) struct CustomType<'a> {
    pub(super) attributes: &'a [Attribute],
    pub(super) name: &'a Ident,
    pub(super) number: Number<'a>,
}

/// The number of a variant.
pub(super) enum Number<'a> {
    Written(&'a Expr, u8),
    /// A free number in place of a wrong one: the compiler has nothing to add to our message.
    StandIn(u8),
}

impl Number<'_> {
    pub(super) fn value(&self) -> u8 {
        match *self {
            Self::Written(_, value) | Self::StandIn(value) => value,
        }
    }
}

pub(super) fn check<'a>(options: &Options, set: &'a TypeSet, report: &mut Report) -> Model<'a> {
    let mut attributes = Vec::new();
    let mut has_repr = false;
    for attribute in &set.attributes {
        if is_ours(attribute) {
            report.error(attribute, "`#[message_types]` is written twice: keep one");
        } else if !attribute.path().is_ident("repr") {
            attributes.push(attribute);
        } else if repr_is_u8(attribute, report) {
            has_repr = true;
            attributes.push(attribute);
        }
    }
    if set.generics.lt_token.is_some() {
        report
            .error(&set.generics, "a set of message types has no generic parameters: remove them");
    }
    if set.variants.is_empty() {
        report.error(
            &set.name,
            "this set has no message type: write at least one variant with its number, as in \
             `Say = 50`",
        );
    }
    Model {
        runtime: Runtime::new(options.runtime.as_ref()),
        set,
        attributes,
        types: types(set, report),
        has_repr,
    }
}

fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "message_types")
}

fn repr_is_u8(attribute: &Attribute, report: &mut Report) -> bool {
    let parsed = attribute.parse_args::<proc_macro2::TokenStream>();
    let layout = parsed.unwrap_or_else(|_| attribute.to_token_stream());
    let right = layout.to_string() == "u8";
    if !right {
        let message = "a message type is one byte: write `#[repr(u8)]`, or leave `repr` out";
        report.error(layout, message);
    }
    right
}

fn types<'a>(set: &'a TypeSet, report: &mut Report) -> Vec<CustomType<'a>> {
    // Variants under `cfg` may exclude each other; the compiler sees which of them exist.
    let certain = |variant: &Variant| !variant.attributes.iter().any(|a| a.path().is_ident("cfg"));
    let mut kept: Vec<(&Variant, Option<u8>)> = Vec::new();
    for variant in &set.variants {
        let name = plain_name(&variant.name);
        let twin = |(other, _): &(&Variant, _)| plain_name(&other.name) == name;
        if certain(variant) && kept.iter().filter(|(v, _)| certain(v)).any(twin) {
            let message = format!("the name `{name}` is taken by a variant above: choose another");
            report.error(&variant.name, message);
            continue;
        }
        base_name(&variant.name, report);
        fields(variant, report);
        let value = number(variant, report);
        let holder = kept.iter().find(|(v, number)| certain(v) && *number == value);
        match (value, holder) {
            (Some(value), Some((holder, _))) if certain(variant) => {
                report.error(
                    &variant.number,
                    format!("{value} is the number of `{}` already: choose another", holder.name),
                );
                kept.push((variant, None));
            }
            _ => kept.push((variant, value)),
        }
    }
    let mut free: BTreeSet<u8> = (FIRST..=u8::MAX).collect();
    free.retain(|number| !kept.iter().any(|(_, taken)| *taken == Some(*number)));
    let typed = |(variant, value): (&'a Variant, Option<u8>)| CustomType {
        attributes: &variant.attributes,
        name: &variant.name,
        number: match (&variant.number, value) {
            (Some(written), Some(value)) => Number::Written(written, value),
            _ => Number::StandIn(free.pop_first().unwrap_or(u8::MAX)),
        },
    };
    kept.into_iter().map(typed).collect()
}

fn base_name(name: &Ident, report: &mut Report) {
    if let Some(base) = base_type_like(&plain_name(name)) {
        let message = format!("`{base}` is a base message type: choose another name for your own");
        report.error(name, message);
    }
}

fn fields(variant: &Variant, report: &mut Report) {
    if !matches!(variant.fields, syn::Fields::Unit) {
        let message = format!(
            "a message type carries no fields, its data is the content of the message: write \
             `{}` alone",
            variant.name
        );
        report.error(&variant.fields, message);
    }
}

/// The number of the variant if it is one that it may have.
fn number(variant: &Variant, report: &mut Report) -> Option<u8> {
    let name = &variant.name;
    let Some(written) = &variant.number else {
        let message = format!(
            "`{name}` needs a number, peers know the type by nothing else: write `{name} = 50` \
             (31 to 255)"
        );
        report.error(name, message);
        return None;
    };
    let mut inner = written;
    let mut negative = false;
    let literal = loop {
        inner = match inner {
            Expr::Group(group) => &group.expr,
            Expr::Paren(paren) => &paren.expr,
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                negative = true;
                &unary.expr
            }
            Expr::Lit(literal) => break Some(&literal.lit),
            _ => break None,
        };
    };
    let range = "a message type is one byte: choose a number from 31 to 255";
    let value = match literal {
        Some(Lit::Byte(byte)) if !negative => u128::from(byte.value()),
        Some(Lit::Int(_)) if negative => {
            report.error(written, range);
            return None;
        }
        Some(Lit::Int(digits)) if matches!(digits.suffix(), "" | "u8") => {
            digits.base10_parse().unwrap_or(u128::MAX)
        }
        Some(Lit::Int(digits)) => {
            let (value, suffix) = (digits.base10_digits(), digits.suffix());
            let message = format!("a message type is one byte, not a `{suffix}`: write `{value}`");
            report.error(written, message);
            return None;
        }
        _ => {
            let message = format!(
                "the number stands here as a literal, so that it can be checked: write `{name} = \
                 50` (31 to 255)"
            );
            report.error(written, message);
            return None;
        }
    };
    match u8::try_from(value) {
        Ok(value) if value >= FIRST => return Some(value),
        Ok(value) => {
            let message = format!(
                "{value} is reserved, 0 to 30 belong to the protocol: choose a number from 31 to \
                 255"
            );
            report.error(written, message);
        }
        Err(_) => report.error(written, range),
    }
    None
}
