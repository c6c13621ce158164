//! What a second MAC covers beside time and body: the fixed order of its input, and its field.

use super::{AuthError, AuthFailure, MAC_LENGTH};
use crate::{
    plugin::{Direction, PluginContext, Role},
    wire::AuthFields,
};

/// How a node deals with the binding MAC of [`HmacAuth`](super::HmacAuth).
///
/// The MAC of the original covers the time and the body. The binding MAC covers the message's type,
/// which side sent it, and all other auth fields as well: what was captured can't become a message
/// of another type, an answer can't become a request, an iv can't be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Binding {
    /// Makes none and looks at none.
    #[default]
    Off,
    /// Makes both, and checks whatever is there: for the time in which nodes are changed over. The
    /// original ignores the field. An attacker can strip it, so it protects nothing yet.
    Offer,
    /// Makes this one alone, and refuses messages without it: for networks where all nodes are
    /// ours. Nodes that [offer](Self::Offer) it understand each other with these.
    Require,
}

/// The first bytes of the MAC's input; no other use of the secret begins so.
const DOMAIN: &[u8] = b"netaio-bind-1";

/// Returns what the MAC covers, in pieces:
///
/// | bytes | what |
/// |---|---|
/// | 13 | `netaio-bind-1` |
/// | 1 | the message type |
/// | 1 | who sent it: 0 a server, 1 a client, 2 a node |
/// | 4 | the number of fields |
/// | for each field, names ascending: 4 + n, 4 + m | its name, its packed value |
/// | 4 + n | the body |
///
/// All numbers are big-endian.
///
/// It is `None` when a field is missing.
pub(super) fn input<'a>(
    fields: &'a AuthFields,
    names: &[&'a str],
    body: &'a [u8],
    context: &PluginContext<'_>,
) -> Option<Input> {
    let mut input = Input(Vec::with_capacity(128 + body.len()));
    input.0.extend_from_slice(DOMAIN);
    input.0.extend([context.message_type().code(), sender(context)]);
    input.length(names.len());
    for name in names {
        input.part(name.as_bytes());
        input.part(fields.get(name)?.encoded());
    }
    input.part(body);
    Some(input)
}

/// What a MAC is made of.
pub(super) struct Input(Vec<u8>);

impl Input {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn length(&mut self, length: usize) {
        // Fields and bodies have at most 64 KiB each.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.0.extend(length.to_be_bytes());
    }

    fn part(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

/// Returns which side sends a message: this one, or the one it talks with.
fn sender(context: &PluginContext<'_>) -> u8 {
    match (context.role(), context.direction()) {
        (Role::Node, _) => 2,
        (Role::Client, Direction::Outgoing) | (Role::Server, Direction::Incoming) => 1,
        (Role::Server, Direction::Outgoing) | (Role::Client, Direction::Incoming) => 0,
    }
}

/// Writes the field: the MAC, then each covered name after its length in one byte.
pub(super) fn write(mac: &[u8; MAC_LENGTH], names: &[&str]) -> Result<Vec<u8>, AuthError> {
    let mut field = mac.to_vec();
    for name in names {
        let length = u8::try_from(name.len())
            .map_err(|_| AuthError::Field((*name).into(), "of a name of at most 255 bytes"))?;
        field.push(length);
        field.extend_from_slice(name.as_bytes());
    }
    Ok(field)
}

/// Reads the field.
pub(super) fn read<'f>(
    fields: &'f AuthFields,
    name: &str,
) -> Result<(&'f [u8; MAC_LENGTH], Vec<&'f str>), AuthFailure> {
    let malformed = || AuthFailure::Malformed(name.into());
    let field = fields.get(name).ok_or_else(|| AuthFailure::Missing(name.into()))?;
    let (mac, mut rest) =
        field.bytes().and_then(<[u8]>::split_first_chunk).ok_or_else(malformed)?;
    let mut names: Vec<&str> = Vec::new();
    while let Some((&length, after)) = rest.split_first() {
        let (covered, after) = after.split_at_checked(length.into()).ok_or_else(malformed)?;
        let covered = std::str::from_utf8(covered).map_err(|_| malformed())?;
        if names.last().is_some_and(|last| *last >= covered) {
            return Err(malformed());
        }
        names.push(covered);
        rest = after;
    }
    Ok((mac, names))
}
