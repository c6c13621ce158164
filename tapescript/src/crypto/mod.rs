//! The arithmetic of Ed25519 as the language defines it, hashes, and signatures.
//!
//! Scalars and points are 32 bytes, little endian. Functions take slices of any length, because that is what scripts
//! bring, and refuse those of a wrong one.
//!
//! Source of the definitions: RFC 8032 for signatures and encodings; what libsodium's functions accept for the rest,
//! since the reference computes with them.

mod point;
mod scalar;
mod signature;

use sha2::{Digest, Sha256, Sha512};
use shake::Shake256;
use shake::digest::{ExtendableOutput, Update, XofReader};

pub(crate) use point::sum as sum_of_points;
pub use point::{
    add as point_add, aggregate as aggregate_points, is_valid as is_valid_point, sub as point_sub,
};
pub use point::{base as derive_point_from_scalar, mult as scalarmult};
pub use scalar::{
    add as scalar_add, aggregate as aggregate_scalars, clamp as clamp_scalar, mul as scalar_mul,
    of_seed as derive_key_from_seed, reduce as scalar_reduce, sub as scalar_sub,
};
pub use signature::{public_key, sign, sign_with_scalar, verify};

/// SHA-256.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// As many bytes of SHAKE256 as asked for.
#[must_use]
pub fn shake256(data: &[u8], length: usize) -> Vec<u8> {
    let mut hasher = Shake256::default();
    hasher.update(data);
    let mut out = vec![0; length];
    hasher.finalize_xof().read(&mut out);
    out
}

/// SHA-512 of the parts in a row.
#[must_use]
pub fn h_big(parts: &[&[u8]]) -> [u8; 64] {
    let mut hasher = Sha512::new();
    for part in parts {
        Digest::update(&mut hasher, part);
    }
    hasher.finalize().into()
}

/// SHA-512 of the parts in a row, reduced to a scalar.
#[must_use]
pub fn h_small(parts: &[&[u8]]) -> [u8; 32] {
    scalar::reduce(&h_big(parts))
}
