//! Runs cargo in `projects/`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The folder of the projects, with the dependencies that the workspace above has locked.
///
/// # Panics
///
/// Panics when the lock file can't be copied.
#[must_use]
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = here.join("projects");
        fs::copy(here.join("../Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
        folder
    })
}

/// A command that runs in the projects' folder and builds into `target`.
pub fn command(program: &str, target: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder()).env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "0");
    // Cargo set these for the test itself.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}

/// Runs cargo with these arguments.
///
/// # Errors
///
/// Returns what cargo printed when it failed.
pub fn cargo(arguments: &[&str], target: &Path) -> io::Result<()> {
    let output = command(env!("CARGO"), target).args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}
