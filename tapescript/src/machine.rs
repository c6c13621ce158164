//! The machine: how scripts are run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::cache::Cache;
use crate::environment::{Environment, System};
use crate::error::Error;
use crate::flags::{DEFAULT_THRESHOLD, Flags};
use crate::host::{Contract, SignatureExtension, SoftFork, TemplateCheck};
use crate::limits::Limits;
use crate::observer::Observer;
use crate::stack::Stack;
use crate::vm::Vm;

/// How scripts are run: limits, clock, and what the host adds to the language.
///
/// ```
/// use tapescript::{Cache, Machine};
///
/// // 2 + 3, then compare with 5.
/// let run = Machine::new().run(&[0x02, 2, 0x02, 3, 0x0e, 2, 0x02, 5, 0x21], Cache::new());
/// assert!(run.result.is_ok());
/// assert_eq!(&run.stack.items()[0][..], [0xff]);
/// ```
#[derive(Clone)]
pub struct Machine {
    limits: Limits,
    ts_threshold: i64,
    epoch_threshold: i64,
    contracts: BTreeMap<Vec<u8>, Arc<dyn Contract>>,
    extensions: Vec<SignatureExtension>,
    templates: Vec<TemplateCheck>,
    forks: BTreeMap<u8, SoftFork>,
    environment: Arc<dyn Environment>,
    marker_crosses_scripts: bool,
    extends_blocks: bool,
    observer: Option<Observer>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            ts_threshold: DEFAULT_THRESHOLD,
            epoch_threshold: DEFAULT_THRESHOLD,
            contracts: BTreeMap::new(),
            extensions: Vec::new(),
            templates: Vec::new(),
            forks: BTreeMap::new(),
            environment: Arc::new(System),
            marker_crosses_scripts: false,
            extends_blocks: false,
            observer: None,
        }
    }
}

impl Machine {
    /// A machine with default limits, the system's clock, and nothing added to the language.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what a run may use up.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the clock and the source of random bytes; the system's by default.
    #[must_use]
    pub fn with_environment(mut self, environment: impl Environment + 'static) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// Sets how many seconds the timestamp may be ahead of the clock; 60 by default, 0 for any.
    #[must_use]
    pub const fn with_ts_threshold(mut self, seconds: i64) -> Self {
        self.ts_threshold = seconds;
        self
    }

    /// Sets how many seconds before its time an epoch counts as reached; 60 by default.
    #[must_use]
    pub const fn with_epoch_threshold(mut self, seconds: i64) -> Self {
        self.epoch_threshold = seconds;
        self
    }

    /// Adds a contract under an id, in the place of an earlier one.
    #[must_use]
    pub fn with_contract(
        mut self,
        id: impl Into<Vec<u8>>,
        contract: impl Contract + 'static,
    ) -> Self {
        self.contracts.insert(id.into(), Arc::new(contract));
        self
    }

    /// Adds a plugin that runs before the message of a signature is built.
    #[must_use]
    pub fn with_signature_extension(mut self, extension: SignatureExtension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Adds a plugin that compares fields with templates: one that says yes is enough.
    #[must_use]
    pub fn with_template_check(mut self, check: TemplateCheck) -> Self {
        self.templates.push(check);
        self
    }

    /// Replaces a NOP by an op.
    #[must_use]
    pub fn with_soft_fork(mut self, fork: SoftFork) -> Self {
        self.forks.insert(fork.code(), fork);
        self
    }

    /// Lets the marker of a RETURN cross from one script to the next, as it does in the reference; off by default.
    ///
    /// **It opens locks.** A witness that ends with RETURN then ends a lock after its first IF or TRY; if what is on
    /// the stack there happens to be true, the lock's signature check is never reached.
    #[must_use]
    pub const fn with_marker_across_scripts(mut self, on: bool) -> Self {
        self.marker_crosses_scripts = on;
        self
    }

    /// Lets plugins run inside of IF, TRY, LOOP and definitions as well; off by default, as in the reference.
    ///
    /// Without it a lock that relies on a plugin has to build its message on the outer level. With it messages that
    /// are built in a block may differ from the reference's.
    #[must_use]
    pub const fn with_plugins_in_blocks(mut self, on: bool) -> Self {
        self.extends_blocks = on;
        self
    }

    /// Tells somebody of each op before it runs and after it; nobody by default.
    ///
    /// It is for finding out what scripts do: a run that is observed is slower.
    #[must_use]
    pub fn with_observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Runs one script.
    ///
    /// The cache gets the entry `timestamp`, the clock's time, unless it has one.
    #[must_use]
    pub fn run(&self, script: &[u8], cache: Cache) -> Run {
        self.run_with(script, self.empty_stack(), timed(cache, self.now()), Flags::new())
    }

    /// Runs one script with a stack that is not empty, or with flags.
    ///
    /// The stack keeps its own bounds, and the cache is taken as it is: without an entry `timestamp`, checks of it fail.
    #[must_use]
    pub fn run_with(&self, script: &[u8], stack: Stack, cache: Cache, flags: Flags) -> Run {
        let mut vm = Vm::new(self, stack, cache, self.now());
        let result = vm.run(script, flags);
        let flags = vm.tape.flags.read(Flags::clone);
        Run { result, spent: vm.meter.spent(), flags, stack: vm.stack, cache: vm.cache }
    }

    /// Whether the scripts, the last of which is the lock, end with the one item true.
    ///
    /// Each goes on with the stack, cache and definitions of the one before; they are not joined, so a cut push in one
    /// can't swallow the next. The budget is for all together. No script is false.
    #[must_use]
    pub fn unlocks(&self, scripts: &[impl AsRef<[u8]>], cache: Cache) -> bool {
        self.verdict(scripts, cache).unlocked
    }

    /// [`unlocks`](Self::unlocks), with the reason and the work.
    #[must_use]
    pub fn verdict(&self, scripts: &[impl AsRef<[u8]>], cache: Cache) -> Verdict {
        self.verdict_at(scripts, cache, self.now())
    }

    /// [`verdict`](Self::verdict) at another time than the clock's, in seconds since 1970, UTC.
    #[must_use]
    pub fn verdict_at(&self, scripts: &[impl AsRef<[u8]>], cache: Cache, now: i64) -> Verdict {
        let mut vm = Vm::new(self, self.empty_stack(), timed(cache, now), now);
        let mut error = None;
        for (index, script) in scripts.iter().enumerate() {
            if index > 0 && !self.marker_crosses_scripts {
                vm.cache.clear_returned();
            }
            if let Err(why) = vm.run(script.as_ref(), Flags::new()) {
                error = Some(why);
                break;
            }
        }
        let unlocked = error.is_none()
            && matches!(vm.stack.items(), [item] if item[..] == *crate::num::TRUE)
            && !scripts.is_empty();
        Verdict { unlocked, error, spent: vm.meter.spent(), stack: vm.stack }
    }

    fn empty_stack(&self) -> Stack {
        Stack::new(self.limits.max_items, self.limits.max_item_size)
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    fn now(&self) -> i64 {
        self.environment.now()
    }

    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        self.environment.fill(buffer);
    }

    pub(crate) const fn ts_threshold(&self) -> i64 {
        self.ts_threshold
    }

    pub(crate) const fn epoch_threshold(&self) -> i64 {
        self.epoch_threshold
    }

    pub(crate) fn contract(&self, id: &[u8]) -> Option<&dyn Contract> {
        self.contracts.get(id).map(AsRef::as_ref)
    }

    pub(crate) fn extensions(&self) -> &[SignatureExtension] {
        &self.extensions
    }

    pub(crate) fn templates(&self) -> &[TemplateCheck] {
        &self.templates
    }

    pub(crate) fn fork(&self, code: u8) -> Option<&SoftFork> {
        self.forks.get(&code)
    }

    pub(crate) fn forks(&self) -> impl Iterator<Item = &SoftFork> {
        self.forks.values()
    }

    pub(crate) const fn observer(&self) -> Option<&Observer> {
        self.observer.as_ref()
    }

    pub(crate) const fn extends_blocks(&self) -> bool {
        self.extends_blocks
    }
}

/// The cache with the time, unless the host has set one.
fn timed(cache: Cache, now: i64) -> Cache {
    if cache.get(&"timestamp".into()).is_some() { cache } else { cache.with("timestamp", now) }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("limits", &self.limits)
            .field("contracts", &self.contracts.len())
            .field("extensions", &self.extensions.len())
            .field("templates", &self.templates.len())
            .field("forks", &self.forks)
            .field("marker_crosses_scripts", &self.marker_crosses_scripts)
            .field("extends_blocks", &self.extends_blocks)
            .finish_non_exhaustive()
    }
}

/// What a script left behind, at its end or where an error ended it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// How it ended.
    pub result: Result<(), Error>,
    /// The stack.
    pub stack: Stack,
    /// The cache.
    pub cache: Cache,
    /// The flags of the script.
    pub flags: Flags,
    /// The units of the [budget](Limits::budget) that were spent.
    pub spent: u64,
}

/// Whether a lock was opened, and why not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether the lock was opened.
    pub unlocked: bool,
    /// What ended a script before its end. Without an error a closed lock left something else than one true item.
    pub error: Option<Error>,
    /// The stack at the end.
    pub stack: Stack,
    /// The units of the [budget](Limits::budget) that were spent.
    pub spent: u64,
}
