//! Points of the curve.

use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::traits::IsIdentity;

use crate::error::{Error, ErrorKind};

fn refused() -> Error {
    Error::new(ErrorKind::Runtime, "Unexpected library error")
}

fn factor(n: &[u8]) -> Result<Scalar, Error> {
    let mut bytes: [u8; 32] = n.try_into().map_err(|_| {
        Error::ty("Input must be a crypto_scalarmult_ed25519_SCALARBYTES long bytes sequence")
    })?;
    bytes[31] &= 0b0111_1111;
    Ok(Scalar::from_bytes_mod_order(bytes))
}

fn finished(point: EdwardsPoint) -> Result<[u8; 32], Error> {
    if point.is_identity() { Err(refused()) } else { Ok(point.compress().to_bytes()) }
}

/// Decodes any point of the curve; its encoding need not be canonical, its order may be small.
fn decoded(point: &[u8]) -> Result<EdwardsPoint, Error> {
    let bytes: [u8; 32] = point.try_into().map_err(|_| {
        Error::ty("Each point must be a crypto_core_ed25519_BYTES long bytes sequence")
    })?;
    CompressedEdwardsY(bytes).decompress().ok_or_else(refused)
}

/// Whether the y of an encoding is below the field's prime, 2^255 − 19.
pub(super) fn is_canonical(point: &[u8; 32]) -> bool {
    !(point[0] >= 0xed && point[1..31].iter().all(|byte| *byte == 0xff) && point[31] & 0x7f == 0x7f)
}

fn valid(point: &[u8]) -> Result<Option<EdwardsPoint>, Error> {
    let bytes: [u8; 32] = point
        .try_into()
        .map_err(|_| Error::ty("Point must be a crypto_core_ed25519_BYTES long bytes sequence"))?;
    Ok(CompressedEdwardsY(bytes)
        .decompress()
        .filter(|point| is_canonical(&bytes) && !point.is_small_order() && point.is_torsion_free()))
}

/// Whether these bytes are the canonical encoding of a point in the subgroup of the base point, other than the
/// identity.
///
/// # Errors
///
/// If they are not 32 bytes.
pub fn is_valid(point: &[u8]) -> Result<bool, Error> {
    Ok(valid(point)?.is_some())
}

/// The base point times a scalar, whose bit 255 is ignored.
///
/// # Errors
///
/// If the scalar is not of 32 bytes, or the result is the identity.
pub fn base(n: &[u8]) -> Result<[u8; 32], Error> {
    finished(EdwardsPoint::mul_base(&factor(n)?))
}

/// A point times a scalar, whose bit 255 is ignored.
///
/// # Errors
///
/// If one is not of 32 bytes, the point is not [valid](is_valid), or the result is the identity.
pub fn mult(n: &[u8], point: &[u8]) -> Result<[u8; 32], Error> {
    let n = factor(n)?;
    if point.len() != 32 {
        return Err(Error::ty(
            "Input must be a crypto_scalarmult_ed25519_BYTES long bytes sequence",
        ));
    }
    finished(valid(point)?.ok_or_else(refused)? * n)
}

/// The sum of two points, which only need to be on the curve.
///
/// # Errors
///
/// If one is not of 32 bytes or not on the curve.
pub fn add(a: &[u8], b: &[u8]) -> Result<[u8; 32], Error> {
    both(a, b, |a, b| a + b)
}

/// The difference of two points, which only need to be on the curve.
///
/// # Errors
///
/// If one is not of 32 bytes or not on the curve.
pub fn sub(a: &[u8], b: &[u8]) -> Result<[u8; 32], Error> {
    both(a, b, |a, b| a - b)
}

fn both(
    a: &[u8],
    b: &[u8],
    join: impl Fn(EdwardsPoint, EdwardsPoint) -> EdwardsPoint,
) -> Result<[u8; 32], Error> {
    if a.len() != 32 || b.len() != 32 {
        return Err(Error::ty(
            "Each point must be a crypto_core_ed25519_BYTES long bytes sequence",
        ));
    }
    Ok(join(decoded(a)?, decoded(b)?).compress().to_bytes())
}

/// The sum of all, each of which must be [valid](is_valid).
///
/// # Errors
///
/// If there is none, or one is not of 32 bytes or not valid.
pub fn aggregate(points: &[impl AsRef<[u8]>]) -> Result<[u8; 32], Error> {
    sum(points, "each point must be a valid ed25519 point")
}

/// [`aggregate`] with the text for a point that is not valid.
pub(crate) fn sum(points: &[impl AsRef<[u8]>], invalid: &'static str) -> Result<[u8; 32], Error> {
    let mut sum: Option<EdwardsPoint> = None;
    for point in points {
        let point = valid(point.as_ref())?.ok_or_else(|| Error::value(invalid))?;
        sum = Some(sum.map_or(point, |sum| sum + point));
    }
    sum.map(|sum| sum.compress().to_bytes()).ok_or_else(|| Error::index("list index out of range"))
}
