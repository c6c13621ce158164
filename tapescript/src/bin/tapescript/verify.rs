//! `tapescript verify`.

use std::path::PathBuf;

use clap::Args;
use tapescript::Verdict;

use crate::input;
use crate::machine::Options;
use crate::output::{Failure, say};
use crate::trace::Trace;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The files with the scripts, in order: the witness, and the lock as the last.
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.scripts.iter().filter(|path| input::is_stdin(path)).count() > 1 {
        let wrong = "the standard input can be read once only: give the other scripts as files";
        return Err(Failure::Usage(wrong.into()));
    }
    let options = &arguments.options;
    let machine = options.machine();
    let read = |path: &PathBuf| input::code(path, options.form, &machine);
    let scripts = arguments.scripts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let trace = Trace::new(&scripts, options);
    let machine = machine.with_observer(trace.observer());

    let verdict = machine.verdict(&scripts, options.cache());
    if verdict.unlocked {
        say("unlocked");
    } else {
        say(format_args!("locked: {}", why(&verdict, &trace)));
    }
    let budget = options.limits().budget;
    say(format_args!("spent {} of {budget} units", verdict.spent));
    if verdict.unlocked { Ok(()) } else { Err(Failure::Refused) }
}

/// Why the lock stays closed.
fn why(verdict: &Verdict, trace: &Trace) -> String {
    if let Some(error) = &verdict.error {
        return trace.explain(error);
    }
    let items = trace.stack(verdict.stack.items());
    match verdict.stack.items() {
        [] => "the scripts leave nothing on the stack; xff, true, should be there".into(),
        [item] if item.iter().all(|byte| *byte == 0) => {
            let hint = "A signature is false if it is of another key, or of other fields than --field gives";
            format!("the scripts end with false, {items}\n  = {hint}")
        }
        [_] => format!("the scripts end with {items}; of what is true only xff opens a lock"),
        several => {
            format!("the scripts leave {} items, {items}; xff alone should be there", several.len())
        }
    }
}
