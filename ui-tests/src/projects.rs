//! Runs programs in `projects/`.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

/// How long a program may take; the slowest builds every project from nothing.
const PATIENCE: Duration = Duration::from_secs(600);

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

/// A command that runs in the projects' folder and builds into a target folder of theirs, which is
/// below `scratch`: `CARGO_TARGET_TMPDIR`, which only a test knows.
#[must_use]
pub fn command(program: &str, scratch: &str) -> Command {
    let mut command = Command::new(program);
    let target = Path::new(scratch).join("projects");
    command.current_dir(folder()).env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "0");
    // Cargo set these for the test itself.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}

/// Runs a program to its end; returns whether it succeeded, and all that it printed.
///
/// # Panics
///
/// Panics when it does not start or does not end in time.
pub fn run(mut command: Command) -> (bool, String) {
    let (mut output, input) = std::io::pipe().expect("a pipe");
    command.stdin(Stdio::null()).stdout(input.try_clone().expect("a pipe")).stderr(input);
    let mut program = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // It holds the writing end of the pipe.
    let description = format!("{command:?}");
    drop(command);
    let (sender, finished) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        // What was read before an error is worth having, too.
        let _ = output.read_to_end(&mut text);
        let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
    });
    let Ok(text) = finished.recv_timeout(PATIENCE) else {
        let _ = program.kill();
        panic!("{description} does not end");
    };
    let status = program.wait().expect("it has ended");
    (status.success(), text)
}
