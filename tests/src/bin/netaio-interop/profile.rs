use netaio::{
    peer::Peer,
    plugin::{HmacAuth, Layer, Sha256StreamCipher, X25519Cipher},
};
use sha2::{Digest, Sha256};

/// The plugins of a profile, and who the node says it is.
pub(crate) struct Profile {
    pub(crate) outer: Layer,
    pub(crate) inner: Layer,
    pub(crate) peer: Peer,
    /// Whether a server manages its peers from the start.
    pub(crate) manages_peers: bool,
}

impl Profile {
    /// Returns a profile for a role, `server` or `client`; one that is not there ends the program.
    pub(crate) fn named(name: &str, role: &str) -> Self {
        let peer = Peer::new(role.as_bytes().to_vec()).with("name", role).expect("a dict");
        let layered =
            |outer, inner| Self { outer, inner, peer: peer.clone(), manages_peers: false };
        let hmac = |secret| Layer::new().auth(HmacAuth::new(secret));
        let missing = match name {
            "plain" => {
                return Self { manages_peers: true, ..layered(Layer::new(), Layer::new()) };
            }
            "readme" => {
                let inner = Layer::new().auth(HmacAuth::new("adminpassword").field("camh"));
                return layered(hmac("test"), inner);
            }
            "cipher" => return layered(sealed(), Layer::new()),
            "two-layer" => {
                let cipher = Sha256StreamCipher::new("test2").iv_field("iv2").encrypt_uri(false);
                let inner = Layer::new().auth(HmacAuth::new("test2").field("hmac2")).cipher(cipher);
                return layered(sealed(), inner);
            }
            "x25519" => {
                let cipher = X25519Cipher::new(&seed(role));
                let peer = with_keys(peer.clone(), &cipher);
                let inner = Layer::new().cipher(cipher);
                return Self { outer: Layer::new(), inner, peer, manages_peers: true };
            }
            "tapescript-single" | "tapescript-taproot" | "asymmetric" => {
                "tapescript auth is not available yet"
            }
            _ => "there is no such profile; plain, readme, cipher, two-layer and x25519 are there",
        };
        eprintln!("netaio-interop: profile {name}: {missing}");
        std::process::exit(2);
    }
}

/// Returns the outer layer of the profiles with a cipher.
fn sealed() -> Layer {
    Layer::new().auth(HmacAuth::new("test")).cipher(Sha256StreamCipher::new("test"))
}

/// Returns the seed that the contract gives a name.
fn seed(name: &str) -> [u8; 32] {
    Sha256::new().chain_update("netaio interop seed ").chain_update(name).finalize().into()
}

/// Adds a cipher's public keys to what a node says of itself.
fn with_keys(peer: Peer, cipher: &X25519Cipher) -> Peer {
    let public = cipher.public_key().to_vec();
    let verifying = cipher.verifying_key().to_vec();
    let peer = peer.with("pubkey", public).and_then(|peer| peer.with("vkey", verifying));
    peer.expect("a dict")
}
