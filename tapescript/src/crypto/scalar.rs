//! Scalars: numbers modulo the order of the base point.

use curve25519_dalek::Scalar;

use crate::error::Error;

fn sized(bytes: &[u8]) -> Result<[u8; 32], Error> {
    bytes.try_into().map_err(|_| {
        Error::ty("Each integer must be a crypto_core_ed25519_SCALARBYTES long bytes sequence")
    })
}

/// The first 32 bytes with bit 255 cleared, and for a `key` the other bits set as Ed25519 wants them in a secret
/// scalar. The result is not reduced.
///
/// # Errors
///
/// If there are fewer than 32 bytes.
pub fn clamp(value: &[u8], key: bool) -> Result<[u8; 32], Error> {
    let mut scalar = *value
        .first_chunk::<32>()
        .ok_or_else(|| Error::value("not a SigningKey and not 32+ bytes scalar"))?;
    if key {
        scalar[0] &= 0b1111_1000;
        scalar[31] |= 0b0100_0000;
    }
    scalar[31] &= 0b0111_1111;
    Ok(scalar)
}

/// The secret scalar of a seed, which may be of any length; for one of 32 bytes it is that of the Ed25519 key.
#[must_use]
pub fn of_seed(seed: &[u8]) -> [u8; 32] {
    let [mut scalar, _] = halves(&super::h_big(&[seed]));
    scalar[0] &= 0b1111_1000;
    scalar[31] = scalar[31] & 0b0111_1111 | 0b0100_0000;
    scalar
}

/// The two halves of a hash.
pub(super) fn halves(hash: &[u8; 64]) -> [[u8; 32]; 2] {
    let mut halves = [[0; 32]; 2];
    halves[0].copy_from_slice(&hash[..32]);
    halves[1].copy_from_slice(&hash[32..]);
    halves
}

/// A number of 64 bytes modulo the order.
#[must_use]
pub fn reduce(wide: &[u8; 64]) -> [u8; 32] {
    Scalar::from_bytes_mod_order_wide(wide).to_bytes()
}

/// The sum, of which the reference loses the carry out of 256 bits before it reduces.
///
/// Scalars that the library makes are far too small for that; those that a script brings need not be.
///
/// # Errors
///
/// If one is not of 32 bytes.
pub fn add(a: &[u8], b: &[u8]) -> Result<[u8; 32], Error> {
    let (a, b) = (sized(a)?, sized(b)?);
    let mut sum = [0; 32];
    let mut carry = 0;
    for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
        let digit = u16::from(a) + u16::from(b) + carry;
        let [high, low] = digit.to_be_bytes();
        *sum = low;
        carry = u16::from(high);
    }
    Ok(Scalar::from_bytes_mod_order(sum).to_bytes())
}

/// The difference: the sum with what is left of the order.
///
/// # Errors
///
/// If one is not of 32 bytes.
pub fn sub(a: &[u8], b: &[u8]) -> Result<[u8; 32], Error> {
    let negative = -Scalar::from_bytes_mod_order(sized(b)?);
    add(a, negative.as_bytes())
}

/// The product, exact for all inputs of 256 bits.
///
/// # Errors
///
/// If one is not of 32 bytes.
pub fn mul(a: &[u8], b: &[u8]) -> Result<[u8; 32], Error> {
    let product = Scalar::from_bytes_mod_order(sized(a)?) * Scalar::from_bytes_mod_order(sized(b)?);
    Ok(product.to_bytes())
}

/// The sum of all, from the left. A single one is given back as it is, whatever its length.
///
/// # Errors
///
/// If there is none, or if there are several and one is not of 32 bytes.
pub fn aggregate(scalars: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, Error> {
    let (first, rest) =
        scalars.split_first().ok_or_else(|| Error::index("list index out of range"))?;
    rest.iter()
        .try_fold(first.as_ref().to_vec(), |sum, scalar| Ok(add(&sum, scalar.as_ref())?.to_vec()))
}
