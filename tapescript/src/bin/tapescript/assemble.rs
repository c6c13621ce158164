//! `tapescript assemble`.

use std::path::PathBuf;

use clap::Args;
use tapescript::Machine;

use crate::input;
use crate::output::{Failure, hex, say, say_bytes};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The file with the source text.
    #[arg(default_value = "-")]
    source: PathBuf,
    /// Write the byte code as it is instead of hex digits.
    #[arg(short, long)]
    binary: bool,
    /// Write to this file instead of the standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let text = input::source(&arguments.source)?;
    let code = input::assembled(&arguments.source, &text, &Machine::new())?;
    let written = if arguments.binary { code } else { (hex(&code) + "\n").into_bytes() };
    match &arguments.output {
        None => say_bytes(&written),
        Some(path) => {
            std::fs::write(path, &written).map_err(|error| {
                Failure::Usage(format!("{} can't be written: {error}", path.display()))
            })?;
            say(format_args!("{} bytes written to {}", written.len(), path.display()));
        }
    }
    Ok(())
}
