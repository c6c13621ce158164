//! What scripts do, step by step, and where they end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tapescript::{Cache, Error, ErrorKind, Item, Key, Observer, Op, Step, Value, disasm};

use crate::machine::Options;
use crate::output::{hex, plain, say};

/// The most bytes of an item that are shown, unless all are wanted.
const ITEM: usize = 16;
/// How many bytes of a longer one are.
const BEGIN: usize = 8;
/// The most items of a stack that are shown, unless all are wanted.
const ITEMS: usize = 8;
/// The most letters of an op that are shown, unless all are wanted.
const LINE: usize = 90;
/// The deepest block that is indented more than the one around it.
const DEPTH: usize = 16;

/// Follows a run, so that an error can be placed, and shows it if that is wanted.
pub(crate) struct Trace {
    follower: Arc<Mutex<Follower>>,
    full: bool,
}

struct Follower {
    scripts: Vec<Vec<u8>>,
    shows: bool,
    full: bool,
    /// How many scripts have begun.
    begun: usize,
    /// The code of the op that was shown last.
    heading: String,
    /// What there was before the op.
    before: Option<(Vec<Item>, Cache)>,
    last: Option<Place>,
}

/// An op of a script.
struct Place {
    script: String,
    position: usize,
    op: String,
    /// Whether the op itself ended with an error.
    failed: bool,
}

impl Trace {
    pub(crate) fn new(scripts: &[Vec<u8>], options: &Options) -> Self {
        let full = options.full;
        let follower = Follower {
            scripts: scripts.to_vec(),
            shows: options.trace,
            full,
            begun: 0,
            heading: String::new(),
            before: None,
            last: None,
        };
        Self { follower: Arc::new(Mutex::new(follower)), full }
    }

    /// What tells it of the steps.
    pub(crate) fn observer(&self) -> Observer {
        let follower = Arc::clone(&self.follower);
        Arc::new(move |step| match step.result {
            None => locked(&follower).before(step),
            Some(result) => locked(&follower).after(step, result),
        })
    }

    /// An error, where it happened, and what may help.
    pub(crate) fn explain(&self, error: &Error) -> String {
        let follower = locked(&self.follower);
        let place = follower.last.as_ref().map_or_else(
            || "before the first op".into(),
            |place| {
                let Place { script, position, op, failed } = place;
                let preposition = if *failed { "" } else { "behind " };
                format!("{preposition}{script}, byte {position}: {op}")
            },
        );
        let hint = hint(error).map(|hint| format!("\n  = {hint}")).unwrap_or_default();
        format!("{}\n  --> {place}{hint}", plain(&error.to_string()))
    }

    pub(crate) fn stack(&self, items: &[Item]) -> String {
        shown_stack(items, self.full)
    }
}

impl Follower {
    fn before(&mut self, step: &Step<'_>) {
        if step.depth == 0 && step.position == 0 {
            // Scripts of no bytes have no steps.
            let next = self.scripts.iter().skip(self.begun).position(|code| !code.is_empty());
            self.begun += next.unwrap_or_default() + 1;
        }
        if self.shows {
            self.before = Some((step.stack.items().to_vec(), step.cache.clone()));
        }
    }

    fn after(&mut self, step: &Step<'_>, result: &Result<(), Error>) {
        let place = Place {
            script: self.script(step.code),
            position: step.position,
            op: shown_op(step.code.get(step.position..).unwrap_or_default(), self.full),
            failed: result.is_err(),
        };
        if let Some((items, cache)) = self.before.take() {
            if self.heading != place.script {
                self.heading.clone_from(&place.script);
                say(format_args!("{}, {} bytes", place.script, step.code.len()));
            }
            let indent = "  ".repeat(step.depth.min(DEPTH));
            say(format_args!("{:>6}  {indent}{}", place.position, place.op));
            let (items, now) =
                (shown_stack(&items, self.full), shown_stack(step.stack.items(), self.full));
            say(format_args!("        {indent}{items} -> {now}"));
            for (key, value) in
                step.cache.iter().filter(|(key, value)| cache.get(key) != Some(value))
            {
                let value = shown_value(value, self.full);
                say(format_args!("        {indent}{} = {value}", shown_key(&key)));
            }
            for (key, _) in cache.iter().filter(|(key, _)| step.cache.get(key).is_none()) {
                say(format_args!("        {indent}{} is gone", shown_key(&key)));
            }
            if let Err(error) = result {
                say(format_args!("        {indent}error: {}", plain(&error.to_string())));
            }
        }
        self.last = Some(place);
    }

    /// What the code is called. Definitions of an earlier script may run in a later one.
    fn script(&self, code: &[u8]) -> String {
        let current = self.begun.saturating_sub(1);
        let index = if self.scripts.get(current).is_some_and(|script| script == code) {
            Some(current)
        } else {
            self.scripts.iter().position(|script| script == code)
        };
        index.map_or_else(
            || format!("the script {} from the stack", shown_item(code, false)),
            |index| format!("script {}", index + 1),
        )
    }
}

/// A run that panicked is told of as far as it came.
fn locked(follower: &Mutex<Follower>) -> MutexGuard<'_, Follower> {
    follower.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What may help against an error.
fn hint(error: &Error) -> Option<&'static str> {
    let message = error.message();
    Some(match error.kind() {
        ErrorKind::Exhausted if message.contains("budget") => {
            "If the scripts are to be trusted, give more by --budget"
        }
        ErrorKind::Exhausted => "If the scripts are to be trusted, give more by --memory",
        ErrorKind::Index if message.contains("deque") => {
            "The op needs more items than there are on the stack: the script before it should bring them"
        }
        ErrorKind::Key if message.starts_with("'sigfield") => "Give the field by --field N=VALUE",
        ErrorKind::Script if message.starts_with("OP_GET_VALUE key") => {
            "Give the entry by --cache NAME=VALUE"
        }
        ErrorKind::Script if message.starts_with("disallowed sigflag") => {
            "The signature leaves out fields that the lock wants to be covered"
        }
        ErrorKind::Script if message.ends_with("contract") => {
            "The command has no contracts: run the script in a program that gives them to its Machine"
        }
        ErrorKind::Script if message.starts_with("cannot read that many") => {
            "The code ends inside of the op: was it cut off, or is it no byte code?"
        }
        _ => return None,
    })
}

fn shown_op(code: &[u8], full: bool) -> String {
    let line = disasm::first_line(code).unwrap_or_else(|_| {
        let name = code.first().and_then(|code| Op::from_code(*code)).map_or("a NOP", Op::name);
        format!("{name}, cut off")
    });
    match line.char_indices().nth(LINE) {
        Some((at, _)) if !full => format!("{}…", &line[..at]),
        _ => line,
    }
}

fn shown_item(item: &[u8], full: bool) -> String {
    match item.get(..BEGIN) {
        Some(begin) if !full && item.len() > ITEM => {
            format!("x{}… ({} bytes)", hex(begin), item.len())
        }
        _ => format!("x{}", hex(item)),
    }
}

/// The items, the top last.
fn shown_stack(items: &[Item], full: bool) -> String {
    let hidden = if full { 0 } else { items.len().saturating_sub(ITEMS) };
    let more = (hidden > 0).then(|| format!("{hidden} more"));
    let shown = items.iter().skip(hidden).map(|item| shown_item(item, full));
    let all: Vec<_> = more.into_iter().chain(shown).collect();
    format!("[{}]", all.join(", "))
}

/// A key of the cache: those of scripts after `@`.
pub(crate) fn shown_key(key: &Key) -> String {
    match key {
        Key::Bytes(name) => match std::str::from_utf8(name) {
            Ok(name) if !name.is_empty() && name.chars().all(char::is_alphanumeric) => {
                format!("@{name}")
            }
            _ => format!("@x{}", hex(name)),
        },
        Key::Text(name) => plain(name),
        Key::Int(number) => number.to_string(),
    }
}

pub(crate) fn shown_value(value: &Value, full: bool) -> String {
    match value {
        Value::Bytes(item) => shown_item(item, full),
        Value::ByteArray(bytes) => shown_item(bytes, full),
        Value::List(values) => {
            let values: Vec<_> = values.iter().map(|value| shown_value(value, full)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Int(number) => format!("d{number}"),
        Value::Float(number) => format!("f{number}"),
        Value::Text(text) => format!("s{text:?}"),
        Value::Bool(value) => value.to_string(),
        _ => "none".into(),
    }
}
