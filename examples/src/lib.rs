//! What the example programs share.

pub mod crud;
pub mod scenario;

use netaio::plugin::{HmacAuth, Layer};
use tracing_subscriber::EnvFilter;

/// The secrets that a server and its clients share.
#[derive(Debug, clap::Args)]
pub struct Secrets {
    /// The secret that every message is signed with.
    #[arg(long, default_value = "test")]
    secret: String,
    /// The secret that changes are signed with as well.
    #[arg(long, default_value = "adminpassword")]
    admin_secret: String,
    /// Use no secret at all.
    #[arg(long)]
    no_auth: bool,
}

impl Secrets {
    /// Returns the layer of all traffic.
    #[must_use]
    pub fn outer(&self) -> Layer {
        if self.no_auth { Layer::new() } else { Layer::new().auth(HmacAuth::new(&self.secret)) }
    }

    /// Returns the administrator's secret, if there is one.
    #[must_use]
    pub fn admin(&self) -> Option<&str> {
        (!self.no_auth).then_some(&self.admin_secret)
    }
}

/// Logs to standard error, as `RUST_LOG` says; warnings without it.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
