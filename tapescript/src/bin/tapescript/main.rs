//! The command `tapescript`: assembles, disassembles, runs and verifies scripts.

mod assemble;
mod disassemble;
mod input;
mod machine;
mod output;
mod run;
mod trace;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Failure;

const NOTES: &str = "\
Scripts are read from files, or from the standard input for `-`. A file whose name ends with `.hex`
has hex digits, one that ends with `.bin` byte code, and any other source text, or hex digits if it
is one word of them. --form says it for all.

Values are written as in the language: x0a0b is bytes, d-5 an integer, f1.5 a float, stext a text.

Exit codes:
  0  done; the lock is open
  1  the script ended with an error; the lock stays closed
  2  an argument is wrong, or a file can't be read or written
  3  a source can't be assembled, or byte code can't be disassembled";

/// Assembles, disassembles, runs and verifies scripts of the tapescript language.
#[derive(Debug, Parser)]
#[command(name = "tapescript", version, after_help = NOTES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make byte code of source text.
    Assemble(assemble::Arguments),
    /// Show byte code as source text.
    Disassemble(disassemble::Arguments),
    /// Run a script, and show what it leaves behind.
    Run(run::Arguments),
    /// Say whether a lock, the last script, is opened by the scripts before it, and why not.
    #[command(visible_alias = "auth")]
    Verify(verify::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Assemble(arguments) => assemble::execute(&arguments),
        Command::Disassemble(arguments) => disassemble::execute(&arguments),
        Command::Run(arguments) => run::execute(&arguments),
        Command::Verify(arguments) => verify::execute(&arguments),
    };
    result.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
