//! NaCl's `crypto_box`: X25519, HSalsa20, XSalsa20, Poly1305.
//!
//! Sources: Bernstein, "Cryptography in NaCl" (2009), and RFC 7748 for the curve.

use curve25519_dalek::MontgomeryPoint;
use netaio_lanes::Backend;
use salsa20::{cipher::consts::U10, hsalsa};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::CipherError;
use crate::plugin::secret::Secret;

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
        let (stream, mut first) = (Stream::new(self, nonce), FirstBlock::zero());
        let (begin, rest) = FirstBlock::split(text);
        let Stream { key, nonce } = &stream;
        Backend::detect().xor_salsa20_with_head(key, nonce, &mut first.0, rest);
        first.xor(begin);
        first.tag(text)
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
        let (stream, mut first) = (Stream::new(self, nonce), FirstBlock::zero());
        let Stream { key, nonce } = &stream;
        Backend::detect().xor_salsa20(key, nonce, 0, &mut *first.0);
        if !bool::from(first.tag(text).ct_eq(tag)) {
            return Err(CipherError::Mismatch);
        }
        let (begin, rest) = FirstBlock::split(text);
        first.xor(begin);
        Backend::detect().xor_salsa20(key, nonce, 1, rest);
        Ok(())
    }
}

/// What the stream of one box comes from (XSalsa20).
struct Stream {
    key: Secret<KEY_LENGTH>,
    /// What of the nonce did not go into the key.
    nonce: [u8; NONCE_LENGTH - HEAD_LENGTH],
}

/// What of the nonce goes into the key.
const HEAD_LENGTH: usize = 16;

impl Stream {
    fn new(key: &BoxKey, nonce: &[u8; NONCE_LENGTH]) -> Self {
        let mut head = [0; HEAD_LENGTH];
        let mut tail = [0; NONCE_LENGTH - HEAD_LENGTH];
        head.copy_from_slice(&nonce[..HEAD_LENGTH]);
        tail.copy_from_slice(&nonce[HEAD_LENGTH..]);
        let key = hsalsa::<U10>((&key.0).into(), &head.into());
        Self { key: Secret::new(key.into()), nonce: tail }
    }
}

/// The first block of a stream: half of it is the key of the MAC, the other begins what the text is
/// joined with.
struct FirstBlock(Secret<{ 2 * KEY_LENGTH }>);

impl FirstBlock {
    fn zero() -> Self {
        Self(Secret::new([0; 2 * KEY_LENGTH]))
    }

    /// Cuts a text where this block ends and the next begins.
    fn split(text: &mut [u8]) -> (&mut [u8], &mut [u8]) {
        text.split_at_mut(text.len().min(KEY_LENGTH))
    }

    #[allow(clippy::indexing_slicing, reason = "half of the block")]
    fn xor(&self, begin: &mut [u8]) {
        begin.iter_mut().zip(&self.0[KEY_LENGTH..]).for_each(|(byte, key)| *byte ^= key);
    }

    #[allow(clippy::indexing_slicing, reason = "the block has two halves")]
    fn tag(&self, text: &[u8]) -> [u8; TAG_LENGTH] {
        let (halves, _) = self.0.as_chunks();
        Backend::detect().poly1305(&halves[0], text)
    }
}
