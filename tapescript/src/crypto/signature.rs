//! Ed25519 signatures.

use std::cell::RefCell;

use curve25519_dalek::Scalar;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use ed25519_dalek::{Signer, SigningKey};

use super::point::{self, is_canonical};
use super::{h_big, h_small, scalar};
use crate::error::Error;

/// The public key of a seed.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// Signs a message with the key of a seed, by RFC 8032.
#[must_use]
pub fn sign(seed: &[u8; 32], message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(seed).sign(message).to_bytes()
}

/// Whether a signature of a message is that of a key.
///
/// The check is libsodium's: no cofactor, the key canonical, neither the key nor the signature's point of small order.
/// Bytes that are no key verify nothing.
///
/// Nothing here is secret, so the time may depend on the values.
#[must_use]
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    verified(key, message, signature).is_some()
}

/// It differs from `verify_strict` of `ed25519_dalek`, with the same answers, in what it need not do: the signature's
/// point is not decoded, since only its encoding is compared.
fn verified(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Option<()> {
    let [r, s] = scalar::halves(signature);
    let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s))?;
    let negative = negative_of_key(key)?;
    let challenge = Scalar::from_bytes_mod_order_wide(&h_big(&[&r, key, message]));
    let expected = EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &negative, &s);
    (!expected.is_small_order() && expected.compress().to_bytes() == r).then_some(())
}

/// How many keys each thread remembers; a power of two.
const REMEMBERED: usize = 16;

/// A key, and the negative of its point.
type Decoded = ([u8; 32], EdwardsPoint);

thread_local! {
    /// Keys with their points: a lock brings the same key for each message, and to decode it is a tenth of the check.
    static KEYS: RefCell<[Option<Decoded>; REMEMBERED]> =
        const { RefCell::new([None; REMEMBERED]) };
}

/// The negative point of a key, if its encoding is canonical and its order not small.
fn negative_of_key(key: &[u8; 32]) -> Option<EdwardsPoint> {
    // Whoever picks keys to share a place only makes others be decoded again.
    let place = usize::from(key[0]) % REMEMBERED;
    KEYS.with_borrow_mut(|keys| match &keys[place] {
        Some((known, negative)) if known == key => Some(*negative),
        _ => {
            let point = CompressedEdwardsY(*key).decompress()?;
            if !is_canonical(key) || point.is_small_order() {
                return None;
            }
            keys[place] = Some((*key, -point));
            Some(-point)
        }
    })
}

/// Signs with a secret scalar instead of a seed, as taproot's key path needs it.
///
/// The signature verifies as one of Ed25519 for the scalar's point. It has no randomness: the nonce comes from `seed`,
/// or where that is empty from scalar and message.
///
/// # Errors
///
/// If the scalar is not of 32 bytes, or is a multiple of the order.
pub fn sign_with_scalar(secret: &[u8], message: &[u8], seed: &[u8]) -> Result<[u8; 64], Error> {
    if secret.len() != 32 {
        return Err(Error::value("scalar must be a valid ed25519 scalar"));
    }
    let own = h_small(&[secret, message]);
    let [_, nonce] = scalar::halves(&h_big(&[if seed.is_empty() { &own } else { seed }]));
    let key = point::base(secret)?;
    let r = h_small(&[&h_big(&[&nonce, message])]);
    let point = point::base(&r)?;
    let challenge = h_small(&[&point, &key, message]);
    let s = scalar::add(&r, &scalar::mul(&challenge, secret)?)?;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&point);
    signature[32..].copy_from_slice(&s);
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_share_a_place_are_told_apart() {
        let pairs: Vec<_> = (0..40).map(|seed| [seed; 32]).collect();
        for _ in 0..2 {
            for (seed, other) in pairs.iter().zip(pairs.iter().cycle().skip(1)) {
                let signature = sign(seed, b"message");
                assert!(verify(&public_key(seed), b"message", &signature));
                assert!(!verify(&public_key(other), b"message", &signature));
                assert!(verify(&public_key(seed), b"message", &signature));
            }
        }
        // More keys than places, so some do share one.
        assert!(pairs.len() > REMEMBERED);
    }
}
