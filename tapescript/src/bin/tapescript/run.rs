//! `tapescript run`.

use std::path::PathBuf;

use clap::Args;
use tapescript::{Flags, Item, Key, Stack, Value};

use crate::input;
use crate::machine::{self, Options};
use crate::output::{Failure, complain, hex, say};
use crate::trace::{Trace, shown_key, shown_value};

/// The most items of the stack that are shown, unless all are wanted.
const ITEMS: usize = 32;
/// The most bytes of each that are shown, unless all are wanted: a signature with its flags is whole.
const ITEM: usize = 65;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The file with the script.
    #[arg(default_value = "-")]
    script: PathBuf,
    /// A flag by its name or number, such as `disallow_OP_EVAL=true` or `9=false`. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = flag)]
    flag: Vec<(Key, Value)>,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let options = &arguments.options;
    let (machine, limits) = (options.machine(), options.limits());
    let code = input::code(&arguments.script, options.form, &machine)?;
    let scripts = [code];
    let trace = Trace::new(&scripts, options);
    let machine = machine.with_observer(trace.observer());

    let flags = arguments.flag.iter().cloned();
    let flags = flags.fold(Flags::new(), |flags, (key, value)| flags.with(key, value));
    let stack = Stack::new(limits.max_items, limits.max_item_size);
    let run = machine.run_with(&scripts[0], stack, options.cache(), flags);

    show_stack(run.stack.items(), options.full);
    for (key, value) in run.cache.iter().filter(|(key, _)| matches!(key, Key::Bytes(_))) {
        say(format_args!("{} = {}", shown_key(&key), shown_value(value, options.full)));
    }
    say(format_args!("spent {} of {} units", run.spent, limits.budget));
    let Err(error) = run.result else { return Ok(()) };
    complain(trace.explain(&error));
    Err(Failure::Refused)
}

/// Shows a stack, of which the upper items matter most.
fn show_stack(items: &[Item], full: bool) {
    let hidden = if full { 0 } else { items.len().saturating_sub(ITEMS) };
    match items.len() {
        0 => say("the stack is empty"),
        _ if hidden == 0 => say("the stack, the top last:"),
        _ => say(format_args!("the stack, the top last; --full shows {hidden} more:")),
    }
    for item in items.iter().skip(hidden) {
        let cut = item.get(..ITEM).filter(|begin| !full && begin.len() < item.len());
        match cut {
            Some(begin) => say(format_args!("  x{}… ({} bytes)", hex(begin), item.len())),
            None => say(format_args!("  x{}", hex(item))),
        }
    }
}

fn flag(text: &str) -> Result<(Key, Value), String> {
    let (name, value) = machine::halves(text, "NAME=VALUE")?;
    let key = name.parse::<i64>().map_or_else(|_| Key::from(name.to_owned()), Key::from);
    Ok((key, machine::value_of(value)?))
}
