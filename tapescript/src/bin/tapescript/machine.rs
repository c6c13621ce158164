//! The options that say how scripts are run.

use clap::Args;
use tapescript::num::Int;
use tapescript::{Cache, Environment, Item, Key, Limits, Machine, System, Value};

use crate::input::{Form, digits};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How the scripts are written.
    #[arg(long)]
    pub(crate) form: Option<Form>,
    /// Show each op, the stack before and after it, and what it changes in the cache.
    #[arg(short, long)]
    pub(crate) trace: bool,
    /// Show long values whole.
    #[arg(long)]
    pub(crate) full: bool,
    /// A field that signatures cover, with its number from 1 to 8. May be given several times.
    #[arg(short, long, value_name = "N=VALUE", value_parser = field)]
    field: Vec<(Key, Value)>,
    /// An entry of the cache: the host's under NAME, one as scripts write it under @NAME. May be given several times.
    #[arg(short, long, value_name = "[@]NAME=VALUE", value_parser = entry)]
    cache: Vec<(Key, Value)>,
    /// The cache's entry `timestamp`, in seconds since 1970; the clock's time by default.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    timestamp: Option<i64>,
    /// The time of the clock, in seconds since 1970; the system's by default.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    now: Option<i64>,
    /// How many seconds the timestamp may be ahead of the clock, 0 for any [default: 60].
    #[arg(long, value_name = "SECONDS")]
    ts_threshold: Option<u32>,
    /// How many seconds before its time an epoch counts as reached [default: 60].
    #[arg(long, value_name = "SECONDS")]
    epoch_threshold: Option<u32>,
    /// How many units of work all scripts together may take [default: 1000000].
    #[arg(long, value_name = "UNITS")]
    budget: Option<u64>,
    /// How many bytes of the cache scripts may fill [default: 1048576].
    #[arg(long, value_name = "BYTES")]
    memory: Option<usize>,
    /// How deep blocks may be nested [default: 480].
    #[arg(long, value_name = "BLOCKS")]
    depth: Option<usize>,
    /// How many calls a tape makes, how deep EVAL nests and how often a loop goes round [default: 128].
    #[arg(long, value_name = "CALLS")]
    callstack: Option<usize>,
    /// How many items the stack holds [default: 1024].
    #[arg(long, value_name = "ITEMS")]
    max_items: Option<usize>,
    /// How many bytes an item has [default: 1024].
    #[arg(long, value_name = "BYTES")]
    max_item_size: Option<usize>,
    /// Do as the reference does where that is unsafe: a RETURN in a witness can end the lock. The budget stays.
    #[arg(long)]
    reference: bool,
}

impl Options {
    /// The machine that they describe.
    pub(crate) fn machine(&self) -> Machine {
        let mut machine =
            Machine::new().with_limits(self.limits()).with_marker_across_scripts(self.reference);
        if let Some(now) = self.now {
            machine = machine.with_environment(Clock(now));
        }
        if let Some(seconds) = self.ts_threshold {
            machine = machine.with_ts_threshold(seconds.into());
        }
        if let Some(seconds) = self.epoch_threshold {
            machine = machine.with_epoch_threshold(seconds.into());
        }
        machine
    }

    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.budget = self.budget.unwrap_or(limits.budget);
        limits.memory = self.memory.unwrap_or(limits.memory);
        limits.depth = self.depth.unwrap_or(limits.depth);
        limits.callstack = self.callstack.unwrap_or(limits.callstack);
        limits.max_items = self.max_items.unwrap_or(limits.max_items);
        limits.max_item_size = self.max_item_size.unwrap_or(limits.max_item_size);
        limits
    }

    /// The cache that scripts begin with.
    pub(crate) fn cache(&self) -> Cache {
        let timestamp = self.timestamp.or(self.now).unwrap_or_else(|| System.now());
        let cache = Cache::new().with("timestamp", timestamp);
        let entries = self.cache.iter().chain(&self.field).cloned();
        entries.fold(cache, |cache, (key, value)| cache.with(key, value))
    }
}

/// A clock that stands still.
struct Clock(i64);

impl Environment for Clock {
    fn now(&self) -> i64 {
        self.0
    }

    fn fill(&self, buffer: &mut [u8]) {
        System.fill(buffer);
    }
}

fn field(text: &str) -> Result<(Key, Value), String> {
    let (number, value) = halves(text, "N=VALUE")?;
    let number: u8 = number
        .parse()
        .ok()
        .filter(|number| (1..=8).contains(number))
        .ok_or("fields have the numbers 1 to 8")?;
    match value_of(value)? {
        Value::Bytes(field) => Ok((format!("sigfield{number}").into(), field.into())),
        Value::Text(field) => Ok((format!("sigfield{number}").into(), field.into_bytes().into())),
        _ => Err("a field is bytes, `x` and hex digits, or text, `s` and the text".into()),
    }
}

fn entry(text: &str) -> Result<(Key, Value), String> {
    let (name, value) = halves(text, "NAME=VALUE")?;
    let value = value_of(value)?;
    let Some(name) = name.strip_prefix('@') else { return Ok((name.to_owned().into(), value)) };
    // Scripts have lists of bytes and nothing else.
    let item: Item = match value {
        Value::Bytes(item) => item,
        Value::Text(text) => text.into_bytes().into(),
        Value::Int(number) => number.to_bytes().into(),
        _ => return Err("under a name with `@` there are bytes, texts and integers".into()),
    };
    Ok((name.as_bytes().into(), vec![item].into()))
}

/// The name and the value of an option.
pub(crate) fn halves<'t>(text: &'t str, form: &str) -> Result<(&'t str, &'t str), String> {
    text.split_once('=').ok_or_else(|| format!("it has the form {form}"))
}

/// A value as it is written in the language.
pub(crate) fn value_of(text: &str) -> Result<Value, String> {
    match (text.split_at_checked(1), text) {
        (_, "true") => Ok(true.into()),
        (_, "false") => Ok(false.into()),
        (Some(("x", rest)), _) => digits(rest)
            .map(Value::from)
            .ok_or_else(|| "behind `x` there is an even number of hex digits".into()),
        (Some(("d", rest)), _) => {
            rest.parse::<Int>().map(Value::Int).map_err(|_| "behind `d` there is an integer".into())
        }
        (Some(("f", rest)), _) => {
            rest.parse().map(Value::Float).map_err(|_| "behind `f` there is a number".into())
        }
        (Some(("s", rest)), _) => Ok(rest.into()),
        _ => Err(
            "a value is `x` and hex digits, `d` and an integer, `f` and a number, `s` and a text, \
                  `true` or `false`"
                .into(),
        ),
    }
}
