use zeroize::{Zeroize, ZeroizeOnDrop};

use super::sha256::{Digest, digest};
#[cfg(feature = "hmac")]
use super::sha256::{INITIAL, LANES, finish_lanes};

/// A shorter secret can be guessed from one captured message.
const SHORT_SECRET: usize = 16;

/// What a shared secret becomes for one purpose; the secret itself is not kept.
///
/// Each message has a key of its own, made from the secret, the message's nonce and the purpose, so
/// one secret may serve several purposes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct SharedKey {
    /// What [`digest`] makes of the secret's SHA-256, the same for all messages.
    secret: [u8; 32],
    /// What it makes of the purpose.
    purpose: [u8; 32],
}

impl SharedKey {
    /// Makes a key from a secret and warns of one that is short; the original's examples use such.
    pub(super) fn new(secret: &[u8], purpose: &str) -> Self {
        if secret.len() < SHORT_SECRET {
            tracing::warn!(
                bytes = secret.len(),
                "a secret shorter than {SHORT_SECRET} bytes can be guessed from one captured message"
            );
        }
        Self::from_digest(&digest(secret), purpose)
    }

    pub(super) fn from_digest(secret: &[u8; 32], purpose: &str) -> Self {
        Self { secret: *digest(secret), purpose: *digest(purpose.as_bytes()) }
    }

    /// Returns what the same secret becomes for another purpose.
    #[cfg(feature = "hmac")]
    pub(super) fn with_purpose(&self, purpose: &str) -> Self {
        Self { secret: self.secret, purpose: *digest(purpose.as_bytes()) }
    }

    /// Returns the key of the message that has this nonce.
    pub(super) fn derive(&self, nonce: &[u8]) -> Digest {
        let mut parts = [self.secret, *digest(nonce), self.purpose];
        let key = join(&parts);
        parts.as_flattened_mut().zeroize();
        key
    }

    /// Makes the keys of up to [`LANES`] messages.
    #[cfg(feature = "hmac")]
    pub(super) fn derive_lanes(&self, nonces: &[&[u8]], keys: &mut [[u8; 32]; LANES]) {
        let count = nonces.len().min(LANES);
        let mut left: [(&[u8], &[u8]); LANES] = Default::default();
        left.iter_mut().zip(nonces).for_each(|(left, nonce)| left.1 = nonce);
        finish_lanes(count, &mut [INITIAL; LANES], 0, &left, keys);
        let mut parts = keys.map(|nonce| [self.secret, nonce, self.purpose]);
        let mut left: [(&[u8], &[u8]); LANES] = Default::default();
        left.iter_mut().zip(&parts).for_each(|(left, parts)| left.1 = parts.as_flattened());
        finish_lanes(count, &mut [INITIAL; LANES], 0, &left, keys);
        parts.as_flattened_mut().as_flattened_mut().zeroize();
    }
}

/// Returns the SHA-256 of joined digests: how the original derives one key from several parts.
fn join(digests: &[[u8; 32]]) -> Digest {
    digest(digests.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::vectors::{cases, hex};

    #[test]
    fn wire_vectors_crypto_derive_key() {
        for case in cases("derive_key") {
            let parts = case["parts"].as_array().unwrap();
            let digests: Vec<_> = parts.iter().map(|part| *digest(&hex(part))).collect();
            assert_eq!(join(&digests)[..], hex(&case["key"]), "{}", case["name"]);
        }
    }

    #[test]
    fn each_purpose_and_nonce_has_a_key_of_its_own() {
        let (mac, enc) = (SharedKey::new(b"secret", "mac"), SharedKey::new(b"secret", "enc"));
        assert_ne!(mac.derive(&[0; 16]), enc.derive(&[0; 16]));
        assert_ne!(mac.derive(&[0; 16]), mac.derive(&[1; 16]));
        assert_eq!(mac.derive(&[0; 16]), SharedKey::new(b"secret", "mac").derive(&[0; 16]));
    }

    #[cfg(feature = "hmac")]
    #[test]
    fn many_keys_are_as_each_alone() {
        let key = SharedKey::new(b"secret", "mac");
        for count in [0, 1, 11, LANES] {
            let nonces: Vec<[u8; 16]> = (0..count).map(|at| [at as u8; 16]).collect();
            let nonces: Vec<&[u8]> = nonces.iter().map(|nonce| &nonce[..]).collect();
            let alone: Vec<_> = nonces.iter().map(|nonce| key.derive(nonce)).collect();
            let mut keys = [[0; 32]; LANES];
            key.derive_lanes(&nonces, &mut keys);
            assert!(keys.iter().zip(alone).all(|(key, alone)| *key == *alone));
        }
    }
}
