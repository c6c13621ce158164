//! NaCl's `crypto_box`: X25519, HSalsa20, XSalsa20, Poly1305.
//!
//! Sources: Bernstein, "Cryptography in NaCl" (2009), and RFC 7748 for the curve.

use curve25519_dalek::MontgomeryPoint;
use poly1305::{Poly1305, universal_hash::KeyInit};
use salsa20::{
    XSalsa20,
    cipher::{KeyIvInit, StreamCipher, consts::U10},
    hsalsa,
};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::CipherError;

pub(super) const KEY_LENGTH: usize = 32;
pub(super) const NONCE_LENGTH: usize = 24;
pub(super) const TAG_LENGTH: usize = 16;

/// The key that two key pairs share; both directions use it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct BoxKey([u8; KEY_LENGTH]);

impl BoxKey {
    /// Agrees on the key.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::BadPeerKey`] for a public key of low order: the key would be the same
    /// whatever our secret is, and known to everybody (RFC 7748, section 6.1).
    pub(super) fn agree(
        secret: &[u8; KEY_LENGTH],
        public: [u8; KEY_LENGTH],
    ) -> Result<Self, CipherError> {
        let shared = Zeroizing::new(MontgomeryPoint(public).mul_clamped(*secret));
        if bool::from(shared.as_bytes().ct_eq(&[0; KEY_LENGTH])) {
            return Err(CipherError::BadPeerKey);
        }
        Ok(Self(hsalsa::<U10>(shared.as_bytes().into(), &[0; 16].into()).into()))
    }

    /// Seals a text in place; returns its tag.
    pub(super) fn seal(&self, nonce: &[u8; NONCE_LENGTH], text: &mut [u8]) -> [u8; TAG_LENGTH] {
        let (mut cipher, mac) = self.start(nonce);
        cipher.apply_keystream(text);
        mac.compute_unpadded(text).into()
    }

    /// Opens a text in place, if the tag is its own.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::Mismatch`] when it is not; the text is as it was then.
    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        tag: &[u8; TAG_LENGTH],
        text: &mut [u8],
    ) -> Result<(), CipherError> {
        let (mut cipher, mac) = self.start(nonce);
        if bool::from(mac.compute_unpadded(text).ct_eq(tag)) {
            cipher.apply_keystream(text);
            Ok(())
        } else {
            Err(CipherError::Mismatch)
        }
    }

    /// Returns the cipher behind the 32 bytes that key the MAC, and the MAC.
    fn start(&self, nonce: &[u8; NONCE_LENGTH]) -> (XSalsa20, Poly1305) {
        let mut cipher = XSalsa20::new((&self.0).into(), nonce.into());
        let mut mac_key = Zeroizing::new([0; 32]);
        cipher.apply_keystream(&mut *mac_key);
        (cipher, Poly1305::new((&*mac_key).into()))
    }
}
