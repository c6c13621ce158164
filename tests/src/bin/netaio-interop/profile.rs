use netaio::plugin::{HmacAuth, Layer};

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
            "cipher" | "two-layer" => "the SHA-256 stream cipher is not available yet",
            "x25519" => "the X25519 cipher is not available yet",
            "tapescript-single" | "tapescript-taproot" | "asymmetric" => {
                "tapescript auth is not available yet"
            }
            _ => "there is no such profile; plain and readme are there",
        };
        eprintln!("netaio-interop: profile {name}: {missing}");
        std::process::exit(2);
    }
}
