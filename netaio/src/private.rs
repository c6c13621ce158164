//! What generated code names. Not public API: it changes without notice.

pub use core;

pub use inventory;

pub use crate::{
    handler::{
        AppBuilder, Application, AuthKey, CipherKey, Context, Descriptor, FromContext, FromMessage,
        FromMessageRef, IntoErrorReply, IntoReply, MessageTypes, NoTypes, Outcome, Registered,
        Reply, ReplyRef,
    },
    wire::{MessageType, UnknownType},
};

/// A type with `#[app]`. Generated code goes by this trait, so that a type without is one error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a netaio app",
    label = "put `#[app]` on `struct {Self};`",
    note = "without `app = ...`, `#[on]` and `#[once]` register with `crate::App`"
)]
pub trait IsApp {
    /// The type itself.
    type App: Application;
}

/// An app that can make an entry of its registry out of the handler `H`.
pub trait Registry<H> {
    /// A type of the app's own: `inventory` keeps a list for each type.
    type Entry;
    /// The entry.
    const ENTRY: Self::Entry;
}

/// Boxes a handler's future. The conversion is an argument of its own, so that a return type that
/// is no reply and a future that is not `Send` are two errors, each where it belongs.
pub fn later<F, R>(request: MessageType, future: F, into_reply: R) -> Outcome<'static>
where
    F: Future + Send + 'static,
    R: FnOnce(F::Output, MessageType) -> ReplyRef<'static> + Send + 'static,
{
    Outcome::Later(Box::pin(async move { into_reply(future.await, request).into() }))
}

/// Extracts an argument that is not made from the message.
pub fn context_arg<T: FromContext<S>, S>(context: &Context<'_, S>) -> Result<T, Outcome<'static>> {
    crate::handler::context_arg(context)
}

/// Extracts the last argument, which may be made from the whole message.
pub fn last_arg<T: FromMessage<S, M>, S, M>(
    context: &Context<'_, S>,
) -> Result<T, Outcome<'static>> {
    crate::handler::last_arg(context)
}

/// Extracts the last argument of a plain fn, which borrows from the message.
pub fn lent_arg<'a, T: FromMessageRef<'a, S>, S>(
    context: &Context<'a, S>,
) -> Result<T, Outcome<'static>> {
    crate::handler::lent_arg(context)
}

/// Answers with what borrows nothing.
pub fn now(reply: ReplyRef<'static>) -> Outcome<'static> {
    Outcome::Ready(Reply::from(reply).into())
}

/// An argument that is not the last and whose name says that it reads the message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` reads the message, so it must be the last argument, and only one argument can",
    label = "move this argument to the end, or drop it"
)]
pub trait EarlyArg<S>: FromContext<S> {}

#[diagnostic::do_not_recommend]
impl<S, T: FromContext<S>> EarlyArg<S> for T {}

/// Extracts such an argument, if it is the user's own type of that name.
pub fn early_arg<T: EarlyArg<S>, S>(context: &Context<'_, S>) -> Result<T, Outcome<'static>> {
    context_arg(context)
}

/// A value that can be the `uri` of a handler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the uri of a handler",
    label = "write text, a byte string, or the path of a `const` of type `&str` or `&[u8]`"
)]
pub trait RouteUri {
    /// Returns the bytes.
    fn bytes(self) -> &'static [u8];
}

impl RouteUri for &'static str {
    fn bytes(self) -> &'static [u8] {
        self.as_bytes()
    }
}

impl RouteUri for &'static [u8] {
    fn bytes(self) -> &'static [u8] {
        self
    }
}

impl<const N: usize> RouteUri for &'static [u8; N] {
    fn bytes(self) -> &'static [u8] {
        self
    }
}

/// Returns the bytes of a handler's uri.
pub fn uri_bytes<T: RouteUri>(uri: T) -> &'static [u8] {
    uri.bytes()
}

/// A custom message type of the app `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the message type set of the app `{A}`",
    label = "not a message type of this app",
    note = "write `types = {Self}` in its `#[app(...)]`, or pick a variant of the set it has"
)]
pub trait CustomTypeOf<A> {}

#[diagnostic::do_not_recommend]
impl<A, T> CustomTypeOf<A> for T where A: Application<Types = T> {}

/// Returns the message type behind a custom type's variant, given with its number.
pub const fn custom<A: Application, T: CustomTypeOf<A>>(_: &T, code: u8) -> MessageType {
    MessageType::custom(code)
}
