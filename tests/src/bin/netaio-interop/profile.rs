use netaio::plugin::{HmacAuth, Layer, Sha256StreamCipher};

/// The plugins of a profile.
pub(crate) struct Profile {
    pub(crate) outer: Layer,
    pub(crate) inner: Layer,
}

impl Profile {
    /// Returns a profile; one that is not there ends the program.
    pub(crate) fn named(name: &str) -> Self {
        let missing = match name {
            "plain" => return Self { outer: Layer::new(), inner: Layer::new() },
            "readme" => {
                return Self {
                    outer: Layer::new().auth(HmacAuth::new("test")),
                    inner: Layer::new().auth(HmacAuth::new("adminpassword").field("camh")),
                };
            }
            "cipher" => return Self { outer: sealed(), inner: Layer::new() },
            "two-layer" => {
                let cipher = Sha256StreamCipher::new("test2").iv_field("iv2").encrypt_uri(false);
                let inner = Layer::new().auth(HmacAuth::new("test2").field("hmac2")).cipher(cipher);
                return Self { outer: sealed(), inner };
            }
            "x25519" => "peer management is not available yet",
            "tapescript-single" | "tapescript-taproot" | "asymmetric" => {
                "tapescript auth is not available yet"
            }
            _ => "there is no such profile; plain, readme, cipher and two-layer are there",
        };
        eprintln!("netaio-interop: profile {name}: {missing}");
        std::process::exit(2);
    }
}

/// Returns the outer layer of the profiles with a cipher.
fn sealed() -> Layer {
    Layer::new().auth(HmacAuth::new("test")).cipher(Sha256StreamCipher::new("test"))
}
