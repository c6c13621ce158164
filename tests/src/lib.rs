//! What the interop tests share: the Python original, child processes, deadlines.

mod network;
mod random;
mod reference;

pub use network::Network;
pub use random::Random;
pub use reference::{Reference, Usage, usage};

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// The longest that any step of a test may take.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Awaits a step; no test may hang.
///
/// # Panics
///
/// Panics when the step takes too long.
pub async fn within<T>(step: impl IntoFuture<Output = T>) -> T {
    timeout(DEADLINE, step).await.expect("the step ends in time")
}

/// Returns the Python that has the original: `NETAIO_PYTHON`, else that of `.venv`.
///
/// Without one it says loudly that the test is skipped.
///
/// # Panics
///
/// Panics without one where `CI` is `true`.
#[must_use]
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("NETAIO_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root().join(".venv/bin/python"));
    if python.exists() {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "CI must not skip this test");
    // Past the capture of the test harness: a skipped test is to be seen.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: a test against the Python original; scripts/test sets it up"
    );
    None
}

/// Returns a Python program of the tests.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns one of the example programs, built if it is not.
///
/// # Panics
///
/// Panics when it can't be built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.parent().and_then(Path::parent).expect("a test is in target/PROFILE/deps");
    let program = profile.join(name);
    let mut build = std::process::Command::new(env!("CARGO"));
    // All of it as `scripts/test` does: for a part of it the features of what it depends on would be
    // others, and everything would be built again.
    build.args(["build", "--quiet", "--workspace", "--bins", "--tests", "--all-features"]);
    // These are about the test, and a build script that looks at such would run again.
    let of_the_test = |name: &String| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
    };
    for name in std::env::vars().map(|(name, _)| name).filter(of_the_test) {
        build.env_remove(name);
    }
    build.arg("--target-dir").arg(profile.parent().expect("a profile is in target"));
    // It is quick when nothing has changed, and what is tested is what is written.
    let built = build.current_dir(root()).status().expect("cargo runs");
    assert!(built.success() && program.exists(), "{name} can be built");
    program
}

/// A child process that ends with the test.
#[derive(Debug)]
pub struct Process {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program.
    ///
    /// # Panics
    ///
    /// Panics when it can't be started.
    pub fn start<A: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().expect("its input is piped");
        let output = child.stdout.take().expect("its output is piped");
        Self { child, input, lines: BufReader::new(output).lines() }
    }

    /// Returns its next line, or `None` at the end of its output.
    ///
    /// # Panics
    ///
    /// Panics when none comes in time.
    pub async fn line(&mut self) -> Option<String> {
        within(self.lines.next_line()).await.expect("its output is text")
    }

    /// Writes a line to its input.
    ///
    /// # Panics
    ///
    /// Panics when it has ended.
    pub async fn say(&mut self, line: &str) {
        let line = format!("{line}\n");
        within(self.input.write_all(line.as_bytes())).await.expect("it reads");
    }

    /// Waits for the line that tells its port: the last number of `listening on ADDR:PORT` or of
    /// `READY PORT`, the third word of `READY NETWORK PORT pid PID`.
    ///
    /// # Panics
    ///
    /// Panics when its first line is another.
    pub async fn port(&mut self) -> u16 {
        let line = self.line().await.expect("it says that it listens");
        let word = match line.split(' ').collect::<Vec<_>>()[..] {
            ["READY", _, port, ..] | ["READY", port] => port.to_owned(),
            ["listening", "on", addr] => addr.rsplit(':').next().unwrap_or(addr).to_owned(),
            _ => panic!("an unexpected first line: {line}"),
        };
        word.parse().expect("the port is a number")
    }

    /// Ends it at once.
    ///
    /// # Panics
    ///
    /// Panics when it can't be ended.
    pub async fn kill(&mut self) {
        within(self.child.kill()).await.expect("it can be killed");
    }

    /// Asks it to end with SIGTERM, and returns whether it ended without a failure.
    ///
    /// # Panics
    ///
    /// Panics when it does not end in time.
    pub async fn terminate(&mut self) -> bool {
        let id = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(within(asked).await.expect("kill runs").success());
        self.succeeded().await
    }

    /// Waits for its end, and returns whether it ended without a failure.
    ///
    /// # Panics
    ///
    /// Panics when it does not end in time.
    pub async fn succeeded(&mut self) -> bool {
        within(self.child.wait()).await.expect("it can be waited for").success()
    }
}
