//! What the command writes, and how it ends.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Why the command did not do what it was asked for. The text is for people.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The script ended with an error, or the lock stays closed. What was to be said about it was.
    Refused,
    /// An argument is wrong, or a file can't be read or written.
    Usage(String),
    /// A source can't be assembled, or byte code can't be disassembled.
    Malformed(String),
}

impl Failure {
    /// Writes the text and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Self::Refused => return ExitCode::from(1),
            Self::Usage(text) => (2, text),
            Self::Malformed(text) => (3, text),
        };
        complain(text);
        ExitCode::from(code)
    }
}

/// Writes a line of what was asked for.
pub(crate) fn say(line: impl Display) {
    write(&mut io::stdout(), format!("{line}\n").as_bytes());
}

/// Writes bytes as they are.
pub(crate) fn say_bytes(bytes: &[u8]) {
    write(&mut io::stdout(), bytes);
}

/// Writes a line about what went wrong. Nothing helps if that fails, too.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "error: {text}");
}

/// Ends the command if the output can't be written; silently if it is just that nobody reads on.
fn write(output: &mut impl Write, bytes: &[u8]) {
    if let Err(error) = output.write_all(bytes).and_then(|()| output.flush()) {
        if error.kind() != ErrorKind::BrokenPipe {
            complain(format!("the output can't be written: {error}"));
        }
        std::process::exit(2);
    }
}

/// Bytes as hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text that a script may have made, in one line and without what moves others about in a terminal.
pub(crate) fn plain(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\'' | '\\' => c.to_string(),
        c => c.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}
