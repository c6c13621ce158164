use std::{collections::HashMap, fmt, sync::Arc};

use arc_swap::ArcSwap;
use curve25519_dalek::EdwardsPoint;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::{
    CipherError, CipherPlugin,
    envelope::Envelope,
    nacl_box::{BoxKey, KEY_LENGTH, NONCE_LENGTH, TAG_LENGTH},
};
use crate::{
    plugin::{Fingerprint, PeerView, PluginContext},
    wire::{AuthFields, AuthLimits, Body},
};

/// The entry of a peer's data that has its public key.
const PEER_KEY: &str = "pubkey";

/// How many peers' keys are remembered; agreeing on one costs more than sealing a small message.
const REMEMBERED: usize = 1_024;

/// NaCl boxes between this node's key pair and each peer's.
///
/// The peer's key is `pubkey` in the data by which it made itself known; [`peer_key`](Self::peer_key)
/// sets the key of the only peer instead. A box that was changed on its way does not open. The uri
/// stays readable **and can be changed** unless [`encrypt_uri`](Self::encrypt_uri) is set or an auth
/// plugin covers it.
///
/// What it does not give: both directions have one key, so a node's own box, sent back to it, opens
/// as if it came from the peer; and the key pairs stay, so whoever learns a secret key reads what
/// was captured before. Where that matters, use TLS.
///
/// # Examples
///
/// ```
/// use netaio::plugin::X25519Cipher;
/// # fn main() -> Result<(), netaio::plugin::CipherError> {
/// # let (our_seed, their_seed) = ([1; 32], [2; 32]);
/// let theirs = X25519Cipher::new(&their_seed);
/// let ours = X25519Cipher::new(&our_seed).peer_key(theirs.public_key())?;
/// # assert_ne!(ours.public_key(), theirs.public_key());
/// # Ok(())
/// # }
/// ```
#[doc(alias = "X25519CipherPlugin")]
#[derive(Clone)]
pub struct X25519Cipher {
    secret_key: Zeroizing<[u8; KEY_LENGTH]>,
    public_key: [u8; KEY_LENGTH],
    verifying_key: [u8; KEY_LENGTH],
    encrypt_uri: bool,
    peers: Peers,
}

/// Where the keys that are shared with peers come from.
#[derive(Clone)]
enum Peers {
    /// The only peer's.
    One(Arc<BoxKey>),
    /// From the peers' data; by public key, those that were needed lately.
    Many(Arc<ArcSwap<HashMap<[u8; KEY_LENGTH], Arc<BoxKey>>>>),
}

impl X25519Cipher {
    /// Makes a cipher from the seed of an Ed25519 key pair.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "half of the hash")]
    pub fn new(seed: &[u8; 32]) -> Self {
        // RFC 8032, section 5.1.5; the curve's functions clamp the scalar themselves.
        let hash = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(seed)));
        let mut secret_key = Zeroizing::new([0; KEY_LENGTH]);
        secret_key.copy_from_slice(&hash[..KEY_LENGTH]);
        let point = EdwardsPoint::mul_base_clamped(*secret_key);
        Self {
            secret_key,
            public_key: point.to_montgomery().to_bytes(),
            verifying_key: point.compress().to_bytes(),
            encrypt_uri: false,
            peers: Peers::Many(Arc::default()),
        }
    }

    /// Sets the key of the only peer, which need not make itself known then.
    ///
    /// # Errors
    ///
    /// Returns [`CipherError::BadPeerKey`] when the key is of low order: boxes for it would be open
    /// to everybody.
    pub fn peer_key(mut self, public_key: &[u8; 32]) -> Result<Self, CipherError> {
        let key = BoxKey::agree(&self.secret_key, *public_key)?;
        self.peers = Peers::One(Arc::new(key));
        Ok(self)
    }

    /// Sets whether the uri is sealed as well as the content; the default is false.
    ///
    /// Peers can't make themselves known through such a layer: it needs
    /// [`peer_key`](Self::peer_key). An *inner* layer can't have it, since the handler is found by
    /// the uri.
    #[must_use]
    pub fn encrypt_uri(mut self, encrypt: bool) -> Self {
        self.encrypt_uri = encrypt;
        self
    }

    /// Returns the X25519 public key, which peers need: `pubkey` in this node's peer data.
    #[must_use]
    #[doc(alias = "pubk")]
    #[doc(alias = "pubkey")]
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Returns the Ed25519 key of the same seed, which verifies signatures: `vkey` in peer data.
    #[must_use]
    #[doc(alias = "vkey")]
    pub fn verifying_key(&self) -> &[u8; 32] {
        &self.verifying_key
    }

    fn box_key(&self, peer: Option<PeerView<'_>>) -> Result<Arc<BoxKey>, CipherError> {
        let remembered = match &self.peers {
            Peers::One(key) => return Ok(Arc::clone(key)),
            Peers::Many(keys) => keys,
        };
        let public_key = announced_key(peer.ok_or(CipherError::UnknownPeer)?)?;
        if let Some(key) = remembered.load().get(&public_key) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(BoxKey::agree(&self.secret_key, public_key)?);
        remembered.rcu(|known| {
            let full = known.len() >= REMEMBERED;
            let mut known = if full { HashMap::new() } else { HashMap::clone(known) };
            known.insert(public_key, Arc::clone(&key));
            known
        });
        Ok(key)
    }
}

/// Reads the key from a peer's data, which has the form of auth fields.
fn announced_key(peer: PeerView<'_>) -> Result<[u8; KEY_LENGTH], CipherError> {
    let data = AuthFields::decode(peer.data, &AuthLimits::default())
        .map_err(|_| CipherError::UnknownPeer)?;
    let key = data.get(PEER_KEY).ok_or(CipherError::UnknownPeer)?;
    key.bytes().and_then(|key| key.try_into().ok()).ok_or(CipherError::BadPeerKey)
}

impl CipherPlugin for X25519Cipher {
    fn name(&self) -> &str {
        "x25519"
    }

    fn encrypt(
        &self,
        _: &mut AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        let key = self.box_key(context.peer())?;
        let mut envelope = Envelope::to_seal(body, self.encrypt_uri, NONCE_LENGTH + TAG_LENGTH)?;
        let (nonce, tag, text) = parts(&mut envelope)?;
        *nonce = context.random();
        *tag = key.seal(nonce, text);
        envelope.into_sealed(context)
    }

    fn decrypt(
        &self,
        _: &AuthFields,
        body: Body,
        context: &PluginContext<'_>,
    ) -> Result<Body, CipherError> {
        let key = self.box_key(context.peer())?;
        let mut envelope = Envelope::to_open(body, self.encrypt_uri, NONCE_LENGTH + TAG_LENGTH)?;
        let (nonce, tag, text) = parts(&mut envelope)?;
        key.open(nonce, tag, text)?;
        envelope.into_opened()
    }

    /// The box's nonce, which nothing but the box itself can go with. It tells no time.
    fn fingerprint(&self, _: &AuthFields, body: &Body) -> Option<Fingerprint> {
        Envelope::overhead_of(body, self.encrypt_uri).and_then(Fingerprint::new)
    }

    fn seals_uri(&self) -> bool {
        self.encrypt_uri
    }

    fn detects_changes(&self) -> bool {
        true
    }

    fn is_peer_specific(&self) -> bool {
        matches!(self.peers, Peers::Many(_))
    }
}

type Parts<'a> = (&'a mut [u8; NONCE_LENGTH], &'a mut [u8; TAG_LENGTH], &'a mut [u8]);

/// Splits what is sealed: nonce, tag, text.
fn parts(envelope: &mut Envelope) -> Result<Parts<'_>, CipherError> {
    let (nonce, rest) =
        envelope.sealed_part().split_first_chunk_mut().ok_or(CipherError::Mismatch)?;
    let (tag, text) = rest.split_first_chunk_mut().ok_or(CipherError::Mismatch)?;
    Ok((nonce, tag, text))
}

impl fmt::Debug for X25519Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X25519Cipher")
            .field("encrypt_uri", &self.encrypt_uri)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::packify::{Value, encode};

    fn announce(cipher: &X25519Cipher, public_key: [u8; KEY_LENGTH]) -> Result<(), CipherError> {
        let entry = (PEER_KEY.into(), Value::Bytes(public_key.to_vec().into()));
        let data = encode(&Value::Dict(vec![entry])).unwrap();
        cipher.box_key(Some(PeerView { id: b"peer", data: &data })).map(drop)
    }

    fn remembered(cipher: &X25519Cipher) -> usize {
        match &cipher.peers {
            Peers::One(_) => 1,
            Peers::Many(keys) => keys.load().len(),
        }
    }

    #[test]
    fn keys_are_agreed_once_for_each_peer_and_never_kept_without_end() {
        let cipher = X25519Cipher::new(&[7; 32]);
        for _ in 0..2 {
            announce(&cipher, *X25519Cipher::new(&[1; 32]).public_key()).unwrap();
        }
        assert_eq!(remembered(&cipher), 1);
        assert_eq!(remembered(&cipher.clone()), 1, "a clone shares them");
        let mut key = [9; KEY_LENGTH];
        for number in 0..REMEMBERED as u16 {
            key[..2].copy_from_slice(&number.to_be_bytes());
            announce(&cipher, key).unwrap();
            assert!(remembered(&cipher) <= REMEMBERED);
        }
    }

    #[test]
    fn a_refused_key_is_not_remembered() {
        let cipher = X25519Cipher::new(&[7; 32]);
        assert_eq!(announce(&cipher, [0; KEY_LENGTH]), Err(CipherError::BadPeerKey));
        assert_eq!(remembered(&cipher), 0);
    }
}
