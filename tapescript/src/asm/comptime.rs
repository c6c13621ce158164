//! The pass before the statements: comptime blocks are replaced by their value, and macro definitions are collected.
//!
//! It goes through the tokens from left to right, and is not aware of comments and other blocks.

use std::fmt::Write as _;

use super::cursor::Cursor;
use super::error::{AssembleError, Fault, quote};
use super::macros::Macros;
use super::session::Session;
use super::token::Token;
use super::value::is_name;

const DEFINITION: &str = "`!= name [ arguments ] { body }`";

/// A comptime block, or the list that has them all.
struct Level<'t, 's> {
    opener: Option<&'t Token<'s>>,
    /// What is in it, resolved as far as it was read.
    tokens: Vec<Token<'s>>,
    end: usize,
}

/// Gives the tokens without comptime blocks and macro definitions; the latter are added to `macros`.
pub(super) fn resolve<'s>(
    session: &mut Session<'_>,
    tokens: Vec<Token<'s>>,
    macros: &mut Macros<'s>,
) -> Result<Vec<Token<'s>>, AssembleError> {
    if !tokens.iter().any(|token| matches!(token.text(), "~" | "~!" | "!=")) {
        return Ok(tokens);
    }
    let mut cursor = Cursor::new(&tokens);
    let mut level = Level { opener: None, tokens: Vec::new(), end: tokens.len() };
    let mut outer = Vec::new();
    loop {
        let Some(token) = cursor.peek(0) else {
            let Some(parent) = outer.pop() else { return Ok(level.tokens) };
            let block = std::mem::replace(&mut level, parent);
            cursor.take_until(block.end);
            cursor.end = level.end;
            session.depth -= 1;
            level.tokens.extend(value(session, &block, macros)?);
            continue;
        };
        cursor.index += 1;
        match token.text() {
            "~" | "~!" => {
                let open = cursor.take(token, "`{` and statements")?;
                if !open.is("{") {
                    let wrong =
                        format!("{} cannot follow {}", quote(open.text()), quote(token.text()));
                    return Err(open.fail(Fault::syntax(wrong), "`{` and statements"));
                }
                let end = cursor.close(open)?;
                session.check_depth(0, token)?;
                session.depth += 1;
                cursor.end = end;
                let block = Level { opener: Some(token), tokens: Vec::new(), end };
                outer.push(std::mem::replace(&mut level, block));
            }
            "!=" => define(&mut cursor, token, macros)?,
            _ => level.tokens.push(token.clone()),
        }
    }
}

/// The token that takes the place of a comptime block, if it leaves a value.
fn value<'s>(
    session: &mut Session<'_>,
    block: &Level<'_, 's>,
    macros: &Macros<'s>,
) -> Result<Option<Token<'s>>, AssembleError> {
    let Some(opener) = block.opener else { return Ok(None) };
    let code = session.assemble_resolved(&block.tokens, macros)?;
    let value = if opener.is("~!") { session.run_comptime(&code, opener)? } else { Some(code) };
    let Some(value) = value else { return Ok(None) };
    session.spend(value.len() * 2, opener)?;
    let mut text = String::with_capacity(value.len() * 2 + 1);
    text.push('x');
    for byte in &value {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Some(Token { text: text.into(), position: opener.position }))
}

/// Reads a macro definition behind its `!=`.
fn define<'s>(
    cursor: &mut Cursor<'_, 's>,
    opener: &Token<'s>,
    macros: &mut Macros<'s>,
) -> Result<(), AssembleError> {
    let name = cursor.take(opener, DEFINITION)?;
    check_name(name)?;
    let arguments = list(cursor, opener, "[")?;
    arguments.iter().try_for_each(check_name)?;
    let body = list(cursor, opener, "{")?;
    macros.define(name.text(), arguments, body);
    Ok(())
}

/// Takes what stands between two brackets.
fn list<'t, 's>(
    cursor: &mut Cursor<'t, 's>,
    opener: &Token<'s>,
    bracket: &str,
) -> Result<&'t [Token<'s>], AssembleError> {
    let open = cursor.take(opener, DEFINITION)?;
    if !open.is(bracket) {
        let wrong = format!("{} stands where `{bracket}` should", quote(open.text()));
        return Err(open.fail(Fault::syntax(wrong), DEFINITION));
    }
    Ok(cursor.take_until(cursor.close(open)?))
}

fn check_name(name: &Token<'_>) -> Result<(), AssembleError> {
    if is_name(name.text()) {
        return Ok(());
    }
    let fault =
        Fault::syntax(format!("{} is no name for a macro or its argument", quote(name.text())));
    Err(name.fail(fault, "letters and digits"))
}
