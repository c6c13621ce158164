use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};

use super::{Call, Connection, Outcome, RemoteAddr, Route, RouteKey, uris::Uris};
use crate::{
    plugin::Layer,
    wire::{MessageType, TypeSet},
};

/// A handler with its app's state bound in: the same for every app.
pub(crate) trait Bound: Send + Sync {
    /// Calls it. What it answers may borrow from the call, and from itself.
    fn call<'a>(&'a self, call: &'a Call<'a>) -> Outcome<'a>;
}

/// A registered handler.
pub(crate) struct Slot {
    pub(crate) route: Route,
    /// The inner layer that guards it.
    pub(crate) layer: Layer,
    pub(crate) timeout: Option<Duration>,
    pub(crate) handler: Box<dyn Bound>,
    /// Set when a one-time handler has been used.
    used: AtomicBool,
}

impl Slot {
    pub(crate) fn new(
        route: Route,
        layer: Layer,
        timeout: Option<Duration>,
        handler: Box<dyn Bound>,
    ) -> Self {
        Self { route, layer, timeout, handler, used: AtomicBool::new(false) }
    }

    /// Takes the right to call the handler once; a permanent one always gives it.
    ///
    /// Called only when every check has passed, so that a stranger can't use a handler up.
    pub(crate) fn claim(&self) -> bool {
        !self.route.once || !self.used.swap(true, Ordering::AcqRel)
    }

    /// Returns whether every message may pass: there is no layer, and it is for more than one.
    #[inline]
    pub(crate) fn is_unguarded(&self) -> bool {
        self.layer.is_empty() && !self.route.once
    }

    fn is_available(&self) -> bool {
        !self.route.once || !self.used.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("route", &self.route).finish_non_exhaustive()
    }
}

/// The handlers under one key: a one-time handler comes before the permanent one.
#[derive(Debug, Clone, Default)]
struct Candidates {
    once: Option<Arc<Slot>>,
    permanent: Option<Arc<Slot>>,
}

impl Candidates {
    fn pick(&self) -> Option<&Arc<Slot>> {
        self.once.as_ref().filter(|slot| slot.is_available()).or(self.permanent.as_ref())
    }

    fn place(&mut self, slot: Arc<Slot>) -> Option<Arc<Slot>> {
        if slot.route.once {
            self.once.replace(slot).filter(|slot| slot.is_available())
        } else {
            self.permanent.replace(slot)
        }
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.once.iter().filter(|slot| slot.is_available()).chain(&self.permanent)
    }
}

/// The handlers of one message type.
#[derive(Debug, Clone, Default)]
struct TypeRoutes {
    any: Candidates,
    uris: Uris<Candidates>,
    remotes: HashMap<RemoteAddr, Uris<Candidates>>,
}

impl TypeRoutes {
    fn candidates(&mut self, key: &RouteKey) -> &mut Candidates {
        match (&key.uri, &key.remote) {
            (Some(uri), Some(remote)) => {
                self.remotes.entry(remote.clone()).or_default().get_or_default(uri)
            }
            (Some(uri), None) => self.uris.get_or_default(uri),
            (None, _) => &mut self.any,
        }
    }

    fn remove(&mut self, key: &RouteKey) -> Option<Candidates> {
        match (&key.uri, &key.remote) {
            (Some(uri), Some(remote)) => {
                let uris = self.remotes.get_mut(remote)?;
                let removed = uris.remove(uri);
                if uris.is_empty() {
                    self.remotes.remove(remote);
                }
                removed
            }
            (Some(uri), None) => self.uris.remove(uri),
            (None, _) => Some(std::mem::take(&mut self.any)),
        }
    }

    #[inline]
    fn find(&self, uri: &[u8], from: &Connection) -> Option<&Arc<Slot>> {
        if !self.remotes.is_empty()
            && let Some(slot) = self.find_from(uri, from)
        {
            return Some(slot);
        }
        self.uris.get(uri).and_then(Candidates::pick).or_else(|| self.any.pick())
    }

    /// Finds a handler that is for one sender. Apart, as few types have any.
    #[inline(never)]
    fn find_from(&self, uri: &[u8], from: &Connection) -> Option<&Arc<Slot>> {
        self.remotes.get(from.remote_addr())?.get(uri)?.pick()
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        let remotes = self.remotes.values().flat_map(Uris::values);
        remotes.chain(self.uris.values()).chain([&self.any]).flat_map(Candidates::slots)
    }
}

/// All handlers at one moment. A change makes a new table; those who read keep theirs.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    types: TypeSet,
    /// By type number. A type's routes are copied when one of them changes, the others shared.
    routes: Vec<Option<Arc<TypeRoutes>>>,
}

impl Table {
    pub(crate) fn new(types: TypeSet) -> Self {
        Self { types, routes: vec![None; 256] }
    }

    /// Returns the message types that are known.
    pub(crate) fn types(&self) -> &TypeSet {
        &self.types
    }

    /// Finds the handler of a message: by type, uri and address, by type and uri, by type.
    #[inline]
    pub(crate) fn find(
        &self,
        message_type: MessageType,
        uri: &[u8],
        from: &Connection,
    ) -> Option<&Arc<Slot>> {
        let routes = self.routes.get(usize::from(message_type.code()))?.as_ref()?;
        routes.find(uri, from)
    }

    /// Adds a handler; returns the one that it replaces.
    pub(crate) fn insert(&mut self, slot: Arc<Slot>) -> Option<Arc<Slot>> {
        let key = slot.route.key.clone();
        self.learn(key.message_type);
        let routes = self.routes.get_mut(usize::from(key.message_type.code()))?;
        Arc::make_mut(routes.get_or_insert_default()).candidates(&key).place(slot)
    }

    fn remove(&mut self, key: &RouteKey) -> bool {
        let routes = self.routes.get_mut(usize::from(key.message_type.code()));
        let removed =
            routes.and_then(Option::as_mut).and_then(|routes| Arc::make_mut(routes).remove(key));
        removed.is_some_and(|candidates| candidates.slots().next().is_some())
    }

    /// Drops a used one-time handler.
    fn discard(&mut self, used: &Arc<Slot>) {
        let key = &used.route.key;
        let routes = self.routes.get_mut(usize::from(key.message_type.code()));
        if let Some(routes) = routes.and_then(Option::as_mut) {
            let routes = Arc::make_mut(routes);
            let candidates = routes.candidates(key);
            candidates.once.take_if(|slot| Arc::ptr_eq(slot, used));
            if candidates.permanent.is_none() && candidates.once.is_none() {
                routes.remove(key);
            }
        }
    }

    fn learn(&mut self, message_type: MessageType) {
        if let MessageType::Custom(custom) = message_type {
            self.types = std::mem::take(&mut self.types).with(custom.get(), "CUSTOM");
        }
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.routes.iter().flatten().flat_map(|routes| routes.slots())
    }
}

/// The handlers of an app, read without a lock and changed by copying.
#[derive(Debug)]
pub(crate) struct Router {
    table: ArcSwap<Table>,
    /// How often the table was changed.
    changes: AtomicUsize,
    pub(crate) default: Option<Slot>,
    pub(crate) app_name: &'static str,
}

impl Router {
    pub(crate) fn new(table: Table, default: Option<Slot>, app_name: &'static str) -> Self {
        Self {
            table: ArcSwap::from_pointee(table),
            changes: AtomicUsize::new(0),
            default,
            app_name,
        }
    }

    /// Returns the table as it is now.
    pub(crate) fn table(&self) -> Guard<Arc<Table>> {
        self.table.load()
    }

    /// Returns the table for messages that come together: to look whether it has changed takes less
    /// than to look it up.
    pub(crate) fn current(&self) -> Current<'_> {
        // A change between the two is noticed later.
        let changes = self.changes.load(Ordering::Acquire);
        Current { router: self, changes, table: self.table() }
    }

    pub(crate) fn insert(&self, slot: Slot) {
        let slot = Arc::new(slot);
        self.change(|table| table.insert(Arc::clone(&slot)));
    }

    pub(crate) fn remove(&self, key: &RouteKey) -> bool {
        self.change(|table| table.remove(key))
    }

    pub(crate) fn discard(&self, used: &Arc<Slot>) {
        self.change(|table| table.discard(used));
    }

    /// Makes a message type known, so that messages of it are read.
    pub(crate) fn learn(&self, message_type: MessageType) {
        let MessageType::Custom(custom) = message_type else { return };
        if !self.table().types().contains(custom.get()) {
            self.change(|table| table.learn(message_type));
        }
    }

    fn change<T>(&self, mut change: impl FnMut(&mut Table) -> T) -> T {
        let mut result = None;
        self.table.rcu(|table| {
            let mut table = Table::clone(table);
            result = Some(change(&mut table));
            table
        });
        self.changes.fetch_add(1, Ordering::Release);
        result.expect("rcu runs its closure")
    }
}

/// The table of an app, looked up again when it has changed.
///
/// It is for a batch: an old table is in memory for as long as this is.
pub(crate) struct Current<'a> {
    router: &'a Router,
    changes: usize,
    table: Guard<Arc<Table>>,
}

impl Current<'_> {
    /// Returns the table as it is now.
    #[inline(always)]
    pub(crate) fn table(&mut self) -> &Table {
        if self.router.changes.load(Ordering::Acquire) != self.changes {
            *self = self.router.current();
        }
        &self.table
    }
}
