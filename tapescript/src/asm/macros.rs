//! Macros: their definitions, and what their calls stand for.

use std::collections::HashMap;

use super::error::{AssembleError, Fault, Position, quote};
use super::session::Session;
use super::token::{Token, tokens};

/// The macros of a source text, by their names in lower case.
#[derive(Debug, Default)]
pub(super) struct Macros<'s>(HashMap<String, Macro<'s>>);

/// What a macro stands for.
#[derive(Debug)]
pub(super) struct Macro<'s> {
    arguments: usize,
    /// Each token of the body, and which argument of a call takes its place.
    body: Vec<(Token<'s>, Option<usize>)>,
}

impl<'s> Macros<'s> {
    pub(super) fn define(&mut self, name: &str, arguments: &[Token<'_>], body: &[Token<'s>]) {
        let slots: HashMap<_, _> =
            arguments.iter().enumerate().map(|(slot, name)| (name.text(), slot)).collect();
        let body = body.iter().map(|token| (token.clone(), slots.get(token.text()).copied()));
        let template = Macro { arguments: arguments.len(), body: body.collect() };
        self.0.insert(name.to_lowercase(), template);
    }

    /// The macro of this name.
    pub(super) fn get(&self, call: &Token<'_>, name: &str) -> Result<&Macro<'s>, AssembleError> {
        self.0.get(&name.to_lowercase()).ok_or_else(|| {
            let fault = Fault::syntax(format!("there is no macro {}", quote(name)));
            call.fail(
                fault,
                "one that `!= name [ arguments ] { body }` defines; macros do not know each other",
            )
        })
    }
}

impl Macro<'_> {
    /// The text of a call with these arguments.
    pub(super) fn expand(
        &self,
        session: &mut Session<'_>,
        call: &Token<'_>,
        arguments: &[Token<'_>],
    ) -> Result<Expansion, AssembleError> {
        if self.arguments != arguments.len() {
            let wrong =
                format!("the number of arguments of {} is {}", quote(call.text()), arguments.len());
            let expected = format!("as many as its definition has: {}", self.arguments);
            return Err(call.fail(Fault::syntax(wrong), expected));
        }
        let pieces = self.body.iter().map(|(token, slot)| {
            slot.and_then(|slot| arguments.get(slot))
                .map_or((token.text(), token.position), |token| (token.text(), token.position))
        });
        let length: usize = pieces.clone().map(|(text, _)| text.len() + 1).sum();
        session.spend(length, call)?;
        let mut expansion = Expansion { text: String::with_capacity(length), origins: Vec::new() };
        for (text, position) in pieces {
            expansion.origins.push((expansion.text.len(), position));
            expansion.text.push_str(text);
            expansion.text.push(' ');
        }
        Ok(expansion)
    }
}

/// The text that a macro call stands for, and where in the source its parts come from.
#[derive(Debug)]
pub(super) struct Expansion {
    text: String,
    /// Where each part begins, and its place in the source.
    origins: Vec<(usize, Position)>,
}

impl Expansion {
    /// The tokens of the text, with their places in the source.
    pub(super) fn tokens(&self) -> Result<Vec<Token<'_>>, AssembleError> {
        let mut tokens = tokens(&self.text).map_err(|error| {
            let position = self.origin(error.position());
            error.moved_to(position)
        })?;
        for token in &mut tokens {
            token.position = self.origin(token.position);
        }
        Ok(tokens)
    }

    fn origin(&self, position: Position) -> Position {
        let part = self.origins.partition_point(|(start, _)| *start <= position.start);
        let origin = part.checked_sub(1).and_then(|part| self.origins.get(part));
        origin.map_or(position, |(_, origin)| *origin)
    }
}
