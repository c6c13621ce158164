use std::fmt;

use super::RouteKey;

/// One reason why an app can't be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The app has a state and none was given.
    #[error("it has no state: call `.state(...)` before `.build()`")]
    NoState,
    /// The state was given twice.
    #[error("`.state(...)` was called twice")]
    StateTwice,
    /// A declared key has no plugin.
    #[error("no plugin is bound to the {kind} key `{key}`: call `.bind_{kind}({app}::{key}, ...)`")]
    Unbound {
        /// The app.
        app: &'static str,
        /// `auth` or `cipher`.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A key was bound twice.
    #[error("the {kind} key `{key}` is bound twice")]
    BoundTwice {
        /// `auth` or `cipher`.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// An inner cipher would hide the uri by which the handler is found.
    #[error(
        "the cipher bound to `{key}` seals the uri, by which the handler is found: switch that off"
    )]
    SealsUri {
        /// The key.
        key: &'static str,
    },
    /// Two handlers answer the same key.
    #[error(
        "two handlers answer {key}: `{}` at {}:{} and `{}` at {}:{}",
        first.0, first.1, first.2, second.0, second.1, second.2
    )]
    Duplicate {
        /// What both answer.
        key: RouteKey,
        /// The name, file and line of one.
        first: (&'static str, &'static str, u32),
        /// The name, file and line of the other.
        second: (&'static str, &'static str, u32),
    },
    /// An expected handler is not registered.
    #[error(
        "no handler of `{path}` is registered: name its crate, as in `use {} as _;`, or mount it",
        path.split("::").next().unwrap_or(path)
    )]
    Missing {
        /// The path of the handler, or of the module or crate that should have some.
        path: &'static str,
    },
    /// Two plugins of one message would write the same field.
    #[error("two plugins write the auth field `{field}` for {route}: give one another name")]
    SharedField {
        /// The field.
        field: String,
        /// The handler.
        route: String,
    },
}

/// An app can't be built; it lists every reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    pub(crate) app: &'static str,
    pub(crate) problems: Vec<Problem>,
}

impl BuildError {
    /// Returns the reasons.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the app `{}` can't be built", self.app)?;
        match self.problems.as_slice() {
            [one] => write!(f, ": {one}"),
            many => many.iter().try_for_each(|problem| write!(f, "\n  - {problem}")),
        }
    }
}

impl std::error::Error for BuildError {}
