use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    Application, AuthKey, Bound, BuildError, Call, CipherKey, Context, Descriptor, Handler,
    MessageTypes, Outcome, Problem, RouteKey, Router, Slot, Table,
};
use crate::{
    plugin::{AuthPlugin, CipherPlugin, Layer},
    wire::{MessageType, TypeSet},
};

/// A built app: its handlers and its state, ready to be served.
///
/// It is a cheap clone; servers, nodes and tests that are given clones share one set of handlers.
#[doc(alias = "NetworkNodeProtocol")]
pub struct App<A: Application = ()> {
    router: Arc<Router>,
    state: Arc<A::State>,
}

impl App {
    /// Makes an app without registered handlers and state; add handlers with [`on`](Self::on).
    #[must_use]
    pub fn empty() -> Self {
        let router = Router::new(Table::new(TypeSet::BASE), None, <() as Application>::NAME);
        Self { router: Arc::new(router), state: Arc::new(()) }
    }
}

impl<A: Application> App<A> {
    /// Returns the state.
    #[must_use]
    pub fn state(&self) -> &A::State {
        &self.state
    }

    /// Registers a handler while the app runs; one under the same key is replaced.
    ///
    /// The table of the key's message type is copied, so this costs time in proportion to the
    /// handlers of that type; messages never wait for it.
    #[doc(alias = "add_handler")]
    pub fn on<Args>(&self, key: impl Into<RouteKey>, handler: impl Handler<A::State, Args>) {
        self.on_with(key, Layer::new(), handler);
    }

    /// Registers a handler that an inner layer guards.
    pub fn on_with<Args>(
        &self,
        key: impl Into<RouteKey>,
        layer: Layer,
        handler: impl Handler<A::State, Args>,
    ) {
        self.register(key.into(), false, layer, handler);
    }

    /// Registers a handler that is removed when first used, after every check has passed.
    #[doc(alias = "add_ephemeral_handler")]
    pub fn once<Args>(&self, key: impl Into<RouteKey>, handler: impl Handler<A::State, Args>) {
        self.once_with(key, Layer::new(), handler);
    }

    /// Registers a one-time handler that an inner layer guards.
    pub fn once_with<Args>(
        &self,
        key: impl Into<RouteKey>,
        layer: Layer,
        handler: impl Handler<A::State, Args>,
    ) {
        self.register(key.into(), true, layer, handler);
    }

    /// Removes the handlers under a key; returns whether there were any.
    #[doc(alias = "remove_handler")]
    #[doc(alias = "remove_ephemeral_handler")]
    pub fn remove(&self, key: impl Into<RouteKey>) -> bool {
        self.router.remove(&key.into())
    }

    /// Lists the registered handlers, sorted by key.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        sorted_routes(&self.router)
    }

    pub(crate) fn router(&self) -> &Arc<Router> {
        &self.router
    }

    fn register<Args>(
        &self,
        key: RouteKey,
        once: bool,
        layer: Layer,
        handler: impl Handler<A::State, Args>,
    ) {
        let route = Route { key, name: "closure", once, auth: None, cipher: None, place: None };
        if layer.seals_uri() {
            tracing::error!(%route, "never found: its cipher seals the uri; switch that off");
        }
        let call = bind(&self.state, move |context| handler.call(context));
        self.router.insert(Slot::new(route, layer, None, call));
    }
}

pub(crate) fn sorted_routes(router: &Router) -> Vec<Route> {
    let mut routes: Vec<_> = router.table().slots().map(|slot| slot.route.clone()).collect();
    routes.sort_by(|a, b| {
        let order = |route: &Route| (route.key.message_type.code(), route.key.uri.clone());
        order(a).cmp(&order(b)).then_with(|| b.once.cmp(&a.once)).then_with(|| a.name.cmp(b.name))
    });
    routes
}

/// A handler and its app's state, which the router need not know.
struct WithState<S, F> {
    state: Arc<S>,
    call: F,
}

impl<S, F> Bound for WithState<S, F>
where
    S: Send + Sync,
    F: for<'a> Fn(&Context<'a, S>) -> Outcome<'a> + Send + Sync,
{
    fn call<'a>(&'a self, call: &'a Call<'a>) -> Outcome<'a> {
        (self.call)(&Context { call, state: &self.state })
    }
}

/// Binds an app's state into a handler.
fn bind<S, F>(state: &Arc<S>, call: F) -> Box<dyn Bound>
where
    S: Send + Sync + 'static,
    F: for<'a> Fn(&Context<'a, S>) -> Outcome<'a> + Send + Sync + 'static,
{
    Box::new(WithState { state: Arc::clone(state), call })
}

impl<A: Application> Clone for App<A> {
    fn clone(&self) -> Self {
        Self { router: Arc::clone(&self.router), state: Arc::clone(&self.state) }
    }
}

impl<A: Application> fmt::Debug for App<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &A::NAME).field("routes", &self.routes()).finish()
    }
}

/// A registered handler, as [`App::routes`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// What it answers.
    pub key: RouteKey,
    /// The name of its function; `closure` for one that was registered at run time.
    pub name: &'static str,
    /// Whether it is removed when first used.
    pub once: bool,
    /// The auth key that guards it.
    pub auth: Option<&'static str>,
    /// The cipher key that guards it.
    pub cipher: Option<&'static str>,
    /// The file and line of its attribute.
    pub place: Option<(&'static str, u32)>,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.key, self.name)?;
        if self.once {
            f.write_str(", once")?;
        }
        if let Some(auth) = self.auth {
            write!(f, ", auth = {auth}")?;
        }
        if let Some(cipher) = self.cipher {
            write!(f, ", cipher = {cipher}")?;
        }
        if let Some((file, line)) = self.place {
            write!(f, " ({file}:{line})")?;
        }
        Ok(())
    }
}

/// Makes the default handler, once the state is there.
type BindDefault<S> = Box<dyn FnOnce(&Arc<S>) -> Box<dyn Bound>>;

/// Puts an app together: its state, the plugins behind its keys, handlers beside the registered.
///
/// `App::builder()`, which `#[app]` writes, makes one.
#[must_use = "a builder does nothing until `build()`"]
pub struct AppBuilder<A: Application> {
    state: Option<A::State>,
    auth: HashMap<&'static str, Arc<dyn AuthPlugin>>,
    cipher: HashMap<&'static str, Arc<dyn CipherPlugin>>,
    mounted: Vec<&'static Descriptor<A>>,
    expected: Vec<&'static str>,
    default: Option<BindDefault<A::State>>,
    problems: Vec<Problem>,
}

impl<A: Application> AppBuilder<A> {
    #[doc(hidden)]
    pub fn __new() -> Self {
        let mut mounted = Vec::new();
        A::registered(&mut |descriptor| mounted.push(descriptor));
        Self {
            state: None,
            auth: HashMap::new(),
            cipher: HashMap::new(),
            mounted,
            expected: Vec::new(),
            default: None,
            problems: Vec::new(),
        }
    }

    /// Sets the state that handlers share.
    pub fn state(mut self, state: A::State) -> Self {
        if self.state.replace(state).is_some() && size_of::<A::State>() > 0 {
            self.problems.push(Problem::StateTwice);
        }
        self
    }

    /// Binds an auth plugin to a key that `#[app]` declared.
    pub fn bind_auth(mut self, key: AuthKey<A>, plugin: impl AuthPlugin) -> Self {
        if self.auth.insert(key.name(), Arc::new(plugin)).is_some() {
            self.problems.push(Problem::BoundTwice { kind: "auth", key: key.name() });
        }
        self
    }

    /// Binds a cipher to a key that `#[app]` declared.
    ///
    /// It must leave the uri readable, since the handler is found by it.
    pub fn bind_cipher(mut self, key: CipherKey<A>, plugin: impl CipherPlugin) -> Self {
        if plugin.seals_uri() {
            self.problems.push(Problem::SealsUri { key: key.name() });
        }
        if self.cipher.insert(key.name(), Arc::new(plugin)).is_some() {
            self.problems.push(Problem::BoundTwice { kind: "cipher", key: key.name() });
        }
        self
    }

    /// Adds handlers by name: `.mount(handlers![create, read])`.
    ///
    /// `#[on]` registers a handler already; naming it here as well does no harm, and makes sure
    /// that a handler of another crate is linked.
    pub fn mount(mut self, handlers: impl IntoIterator<Item = &'static Descriptor<A>>) -> Self {
        self.mounted.extend(handlers);
        self
    }

    /// Expects handlers to be registered, by the path of a handler, a module or a crate.
    ///
    /// The linker leaves out a crate that nothing names, its handlers with it. What is expected
    /// and not there is an error of [`build`](Self::build):
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use netaio::prelude::*;
    ///
    /// #[app]
    /// struct App;
    ///
    /// # fn main() {
    /// let error = App::builder().expect(["shop::prices", "shop::orders::create"]).build().unwrap_err();
    /// assert!(error.to_string().contains("no handler of `shop::prices` is registered"));
    /// # }
    /// # }
    /// ```
    pub fn expect(mut self, paths: impl IntoIterator<Item = &'static str>) -> Self {
        self.expected.extend(paths);
        self
    }

    /// Sets what answers a message that no handler matches; without it that is NOT_FOUND.
    pub fn default_handler<Args, H>(mut self, handler: H) -> Self
    where
        H: Handler<A::State, Args>,
        Args: 'static,
    {
        self.default =
            Some(Box::new(move |state| bind(state, move |context| handler.call(context))));
        self
    }

    /// Builds the app.
    ///
    /// # Errors
    ///
    /// Returns [`BuildError`] with every mistake at once: a missing state, a key without a plugin,
    /// two handlers under one key, two layers that write the same field.
    pub fn build(mut self) -> Result<App<A>, BuildError> {
        self.check_keys();
        let routes = self.check_routes();
        let Some(state) = self.state else {
            self.problems.push(Problem::NoState);
            return Err(BuildError { app: A::NAME, problems: self.problems });
        };
        if !self.problems.is_empty() {
            return Err(BuildError { app: A::NAME, problems: self.problems });
        }
        let state = Arc::new(state);
        let mut table = Table::new(type_set::<A>());
        for (descriptor, route) in routes {
            let mut layer = Layer::new();
            if let Some(plugin) = route.auth.and_then(|key| self.auth.get(key)) {
                layer = layer.shared_auth(Arc::clone(plugin));
            }
            if let Some(plugin) = route.cipher.and_then(|key| self.cipher.get(key)) {
                layer = layer.shared_cipher(Arc::clone(plugin));
            }
            let call = bind(&state, descriptor.call);
            table.insert(Arc::new(Slot::new(route, layer, descriptor.timeout, call)));
        }
        let default = self.default.map(|make| {
            let key = RouteKey::from(MessageType::RequestUri);
            let route =
                Route { key, name: "default", once: false, auth: None, cipher: None, place: None };
            Slot::new(route, Layer::new(), None, make(&state))
        });
        Ok(App { router: Arc::new(Router::new(table, default, A::NAME)), state })
    }

    fn check_keys(&mut self) {
        for &key in A::AUTH.iter().filter(|key| !self.auth.contains_key(*key)) {
            self.problems.push(Problem::Unbound { app: A::NAME, kind: "auth", key });
        }
        for &key in A::CIPHER.iter().filter(|key| !self.cipher.contains_key(*key)) {
            self.problems.push(Problem::Unbound { app: A::NAME, kind: "cipher", key });
        }
    }

    /// Returns the handlers in a stable order, each once, and notes those that collide.
    fn check_routes(&mut self) -> Vec<(&'static Descriptor<A>, Route)> {
        let mut descriptors = std::mem::take(&mut self.mounted);
        // Link order is unspecified; what is logged and reported should not be.
        descriptors.sort_by_key(|d| (d.file, d.line, d.column, std::ptr::from_ref(*d) as usize));
        descriptors.dedup_by_key(|descriptor| std::ptr::from_ref(*descriptor));
        self.check_expected(&descriptors);
        let mut seen: HashMap<(RouteKey, bool), &Descriptor<A>> = HashMap::new();
        let mut routes = Vec::new();
        for descriptor in descriptors {
            let mut key = RouteKey::from(descriptor.message_type);
            key.uri = descriptor.uri.map(|uri| bytes::Bytes::from_static(uri()));
            if let Some(first) = seen.insert((key.clone(), descriptor.once), descriptor) {
                self.problems.push(Problem::Duplicate {
                    key: key.clone(),
                    first: (first.name, first.file, first.line),
                    second: (descriptor.name, descriptor.file, descriptor.line),
                });
            }
            let route = Route {
                key,
                name: descriptor.name,
                once: descriptor.once,
                auth: descriptor.auth.map(|key| key.name()),
                cipher: descriptor.cipher.map(|key| key.name()),
                place: Some((descriptor.file, descriptor.line)),
            };
            self.check_fields(&route);
            routes.push((descriptor, route));
        }
        routes
    }

    fn check_expected(&mut self, descriptors: &[&Descriptor<A>]) {
        let paths: Vec<_> =
            descriptors.iter().map(|d| format!("{}::{}", d.module, d.name)).collect();
        for &path in &self.expected {
            // A handler's own path, or one of the modules around it.
            let within = |handler: &String| {
                handler
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            if !paths.iter().any(within) {
                self.problems.push(Problem::Missing { path });
            }
        }
    }

    fn check_fields(&mut self, route: &Route) {
        let auth = route.auth.and_then(|key| self.auth.get(key));
        let cipher = route.cipher.and_then(|key| self.cipher.get(key));
        let (Some(auth), Some(cipher)) = (auth, cipher) else { return };
        let names = auth.field_names();
        if let Some(field) = cipher.field_names().into_iter().find(|name| names.contains(name)) {
            self.problems.push(Problem::SharedField { field, route: route.to_string() });
        }
    }
}

fn type_set<A: Application>() -> TypeSet {
    A::Types::TYPES.iter().fold(TypeSet::BASE, |set, &(name, code)| set.with(code, name))
}

impl<A: Application> fmt::Debug for AppBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("app", &A::NAME)
            .field("handlers", &self.mounted.len())
            .finish_non_exhaustive()
    }
}

/// Refuses handlers whose inner layer would write a field of the outer one, and warns of ciphers
/// that need an auth plugin and have none.
pub(crate) fn check_outer(router: &Router, outer: &Layer) -> Result<(), BuildError> {
    warn_of_malleable(router, outer);
    let problems: Vec<_> = router
        .table()
        .slots()
        .filter_map(|slot| {
            let field = slot.layer.shared_field(outer)?.to_owned();
            Some(Problem::SharedField { field, route: slot.route.to_string() })
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(BuildError { app: router.app_name, problems }) }
}

fn warn_of_malleable(router: &Router, outer: &Layer) {
    let app = router.app_name;
    if let Some(cipher) = outer.malleable_cipher(outer) {
        tracing::warn!(
            app,
            cipher,
            "what the outer layer seals can be changed unnoticed: add auth"
        );
    }
    for slot in router.table().slots() {
        if let Some(cipher) = slot.layer.malleable_cipher(outer) {
            let route = &slot.route;
            tracing::warn!(app, cipher, %route, "what is sealed can be changed unnoticed: add auth");
        }
    }
}
