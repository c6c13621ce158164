//! What the example programs share.

pub mod crud;
pub mod scenario;

use tracing_subscriber::EnvFilter;

/// Logs to standard error, as `RUST_LOG` says; warnings without it.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
