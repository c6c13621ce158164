use std::{fmt, future::Future, marker::PhantomData, pin::Pin, time::Duration};

use super::{Context, Reply, ReplyRef};
use crate::wire::MessageType;

/// An application: a set of handlers with a state, declared by `#[app]`.
///
/// The attribute implements it; there is seldom a reason to do so by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a netaio app",
    label = "put `#[app]` on `struct {Self};`",
    note = "without `app = ...`, `#[on]` and `#[once]` register with `crate::App`"
)]
pub trait Application: Sized + Send + Sync + 'static {
    /// What handlers share through `State<T>`; `()` when there is none.
    type State: Send + Sync + 'static;
    /// The app's own message types; [`NoTypes`] when there are none.
    type Types: MessageTypes;
    /// The name of the app, for logs.
    const NAME: &'static str;
    /// The names of the declared auth keys.
    const AUTH: &'static [&'static str];
    /// The names of the declared cipher keys.
    const CIPHER: &'static [&'static str];

    /// Visits the handlers that were registered at link time, in no particular order.
    fn registered(visit: &mut dyn FnMut(&'static Descriptor<Self>));
}

/// An app without registered handlers and state, for those that add all of theirs at run time.
impl Application for () {
    type State = ();
    type Types = NoTypes;
    const NAME: &'static str = "()";
    const AUTH: &'static [&'static str] = &[];
    const CIPHER: &'static [&'static str] = &[];

    fn registered(_: &mut dyn FnMut(&'static Descriptor<Self>)) {}
}

/// A set of custom message types, declared by `#[message_types]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of message types",
    label = "put `#[message_types]` on `enum {Self}`"
)]
pub trait MessageTypes: 'static {
    /// The name and number of each type.
    const TYPES: &'static [(&'static str, u8)];
}

/// The custom message types of an app that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTypes {}

impl MessageTypes for NoTypes {
    const TYPES: &'static [(&'static str, u8)] = &[];
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<A> {
            name: &'static str,
            app: PhantomData<fn(A)>,
        }

        impl<A> $name<A> {
            #[doc(hidden)]
            #[must_use]
            pub const fn __new(name: &'static str) -> Self {
                Self { name, app: PhantomData }
            }

            /// Returns the name, as declared.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                self.name
            }
        }

        impl<A> Clone for $name<A> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<A> Copy for $name<A> {}

        impl<A> fmt::Debug for $name<A> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.name).finish()
            }
        }
    };
}

key! {
    /// The name of an inner auth plugin that handlers ask for: `auth = admin`.
    ///
    /// `#[app(auth = [admin])]` declares it, [`AppBuilder::bind_auth`](super::AppBuilder::bind_auth)
    /// binds a plugin to it.
    AuthKey
}

key! {
    /// The name of an inner cipher that handlers ask for: `cipher = sealed`.
    ///
    /// `#[app(cipher = [sealed])]` declares it,
    /// [`AppBuilder::bind_cipher`](super::AppBuilder::bind_cipher) binds a plugin to it.
    CipherKey
}

/// The function that generated code makes of a handler: extract, call, convert.
pub type CallFn<A> = for<'a> fn(&Context<'a, <A as Application>::State>) -> Outcome<'a>;

/// A handler as `#[on]` and `#[once]` describe it.
pub struct Descriptor<A: Application> {
    /// The name of the function.
    pub name: &'static str,
    /// The module it is in.
    pub module: &'static str,
    /// The file it is in.
    pub file: &'static str,
    /// The line of its attribute.
    pub line: u32,
    /// The column of its attribute.
    pub column: u32,
    /// The message type it answers.
    pub message_type: MessageType,
    /// The only uri it answers, if it names one.
    pub uri: Option<fn() -> &'static [u8]>,
    /// Whether it is removed when first used.
    pub once: bool,
    /// The inner auth key it asks for.
    pub auth: Option<AuthKey<A>>,
    /// The inner cipher key it asks for.
    pub cipher: Option<CipherKey<A>>,
    /// How long it may take, if not what the endpoint allows.
    pub timeout: Option<Duration>,
    /// The function to call.
    pub call: CallFn<A>,
}

impl<A: Application> fmt::Debug for Descriptor<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor")
            .field("name", &self.name)
            .field("message_type", &self.message_type)
            .field("file", &self.file)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A function that carries `#[on]` or `#[once]`, by the hidden type of the same name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "put `#[on(...)]` or `#[once(...)]` on this function"
)]
pub trait Registered<A: Application> {
    /// Returns its description.
    fn descriptor() -> &'static Descriptor<A>;
}

/// What calling a handler gave: a reply, or a future of one.
pub enum Outcome<'a> {
    /// The reply is there; the message may lend its content.
    Ready(ReplyRef<'a>),
    /// The handler is asynchronous.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl fmt::Debug for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(reply) => f.debug_tuple("Ready").field(reply).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}
