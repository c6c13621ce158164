use netaio::{
    peer::Peer,
    plugin::{HmacAuth, Layer, Sha256StreamCipher, TapescriptAuth, X25519Cipher},
    tapescript::{Script, SigFlags, crypto, tools},
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
        match name {
            "plain" => Self { manages_peers: true, ..layered(Layer::new(), Layer::new()) },
            "readme" => {
                let inner = Layer::new().auth(HmacAuth::new("adminpassword").field("camh"));
                layered(hmac("test"), inner)
            }
            "cipher" => layered(sealed(), Layer::new()),
            "two-layer" => {
                let cipher = Sha256StreamCipher::new("test2").iv_field("iv2").encrypt_uri(false);
                let inner = Layer::new().auth(HmacAuth::new("test2").field("hmac2")).cipher(cipher);
                layered(sealed(), inner)
            }
            "x25519" => {
                let cipher = X25519Cipher::new(&seed(role));
                let peer = with_keys(peer.clone(), &cipher);
                let inner = Layer::new().cipher(cipher);
                Self { outer: Layer::new(), inner, peer, manages_peers: true }
            }
            "tapescript-single" => {
                let auth = TapescriptAuth::new(&seed("shared"), single("shared"));
                layered(Layer::new().auth(auth), Layer::new())
            }
            "tapescript-taproot" => layered(Layer::new().auth(taproot()), Layer::new()),
            "asymmetric" => {
                let cipher = X25519Cipher::new(&seed(role));
                let peer = with_keys(peer.clone(), &cipher);
                let keys = ["server", "client"].map(key);
                let lock = tools::multisig_lock(&keys, 1, SigFlags::NONE).expect("two keys");
                let auth = TapescriptAuth::new(&seed(role), lock);
                let inner = Layer::new().auth(auth).cipher(cipher);
                Self { outer: Layer::new(), inner, peer, manages_peers: true }
            }
            _ => {
                eprintln!(
                    "netaio-interop: there is no profile {name}; plain, readme, cipher, two-layer, \
                     x25519, tapescript-single, tapescript-taproot and asymmetric are there"
                );
                std::process::exit(2)
            }
        }
    }
}

fn key(name: &str) -> [u8; 32] {
    crypto::public_key(&seed(name))
}

fn single(name: &str) -> Script {
    tools::single_sig_lock(&key(name), SigFlags::NONE)
}

/// Returns the plugin with a taproot lock, whose key signs.
fn taproot() -> TapescriptAuth {
    let commitment = single("admin").commitment();
    let lock = tools::taproot_lock(&key("shared"), &commitment, SigFlags::NONE).expect("a key");
    TapescriptAuth::new(&seed("shared"), lock).witness(move |seed, fields| {
        tools::taproot_key_witness(seed, fields, &commitment, SigFlags::NONE)
    })
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
