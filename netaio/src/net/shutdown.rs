use std::time::Duration;

/// How a server's connections ended when it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Connections that were open when the stop began.
    pub open: usize,
    /// Connections that did not end within the grace period and were cut.
    pub cut: usize,
    /// How long the stop took.
    pub took: Duration,
}

/// Waits for Ctrl-C, or on Unix for SIGTERM.
pub(crate) async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                return;
            }
            Err(error) => tracing::warn!(%error, "SIGTERM can't be heard; Ctrl-C can"),
        }
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C can't be heard: the server runs until it is killed");
        std::future::pending::<()>().await;
    }
}
