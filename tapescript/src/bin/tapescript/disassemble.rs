//! `tapescript disassemble`.

use std::path::PathBuf;

use clap::Args;
use tapescript::{Machine, disasm};

use crate::input::{self, Form};
use crate::output::{Failure, say};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The file with the byte code.
    #[arg(default_value = "-")]
    code: PathBuf,
    /// How the script is written.
    #[arg(long)]
    form: Option<Form>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let code = input::code(&arguments.code, arguments.form, &Machine::new())?;
    let lines = disasm::disassemble(&code).map_err(|error| {
        let name = input::name(&arguments.code);
        Failure::Malformed(format!("{name} can't be disassembled\n{error}"))
    })?;
    lines.iter().for_each(say);
    Ok(())
}
