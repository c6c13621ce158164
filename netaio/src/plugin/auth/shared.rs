//! The fields that layers share, and how those of a fixed size are read.

use super::AuthFailure;
use crate::wire::AuthFields;
#[cfg(any(feature = "hmac", feature = "tapescript"))]
use crate::{
    plugin::{AuthError, PluginContext},
    wire::{Field, packify},
};

pub(super) const NONCE_LENGTH: usize = 16;
pub(super) const TS_LENGTH: usize = 4;

/// Reads a field of bytes of a fixed number.
pub(super) fn fixed<'f, const N: usize>(
    fields: &'f AuthFields,
    name: &str,
) -> Result<&'f [u8; N], AuthFailure> {
    let field = fields.get(name).ok_or_else(|| AuthFailure::Missing(name.into()))?;
    field
        .bytes()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| AuthFailure::Malformed(name.into()))
}

/// Returns the time that another layer or the application has set, else the clock's, and sets it in
/// its form on the wire.
#[cfg(any(feature = "hmac", feature = "tapescript"))]
pub(super) fn time(
    fields: &mut AuthFields,
    name: &str,
    context: &PluginContext<'_>,
) -> Result<[u8; TS_LENGTH], AuthError> {
    let ts = match fields.get(name) {
        Some(field) => number(field)
            .ok_or_else(|| AuthError::Field(name.into(), "a number of at most 4 bytes"))?,
        None => u32::try_from(context.unix_time()).map_err(|_| AuthError::Clock)?,
    };
    fields.set(name, &ts.to_be_bytes());
    Ok(ts.to_be_bytes())
}

/// Reads a number of at most 4 significant bytes, given as bytes or as an integer.
#[cfg(any(feature = "hmac", feature = "tapescript"))]
pub(super) fn number(field: Field<'_>) -> Option<u32> {
    if let Some(bytes) = field.bytes() {
        let significant = bytes.iter().skip_while(|&&byte| byte == 0);
        if significant.clone().count() > TS_LENGTH {
            return None;
        }
        return Some(significant.fold(0, |number, &byte| number << 8 | u32::from(byte)));
    }
    match field.value() {
        Ok(packify::Value::Int(number)) => u32::try_from(&number).ok(),
        _ => None,
    }
}
