use std::future::Future;

use super::{
    Context, FromContext, IntoErrorReply, IntoReply, Outcome, Reply, extract::FromMessage,
};
use crate::wire::MessageType;

/// A function or closure that can be registered at run time: async or plain, with extractors for
/// arguments and a reply for a return value.
///
/// Closures need the types of their arguments written out, and own them: only a fn with `#[on]` can
/// borrow the message. `Args` is filled in by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler for an app with the state `{S}`",
    label = "not a handler",
    note = "every argument must be an extractor with its type written out, at most one of `Content`, `Message`, `Json<T>`, last; what it returns (or its future gives) must be a reply; only a fn with `#[on]` can borrow"
)]
#[doc(alias = "UDPHandler")]
pub trait Handler<S, Args>: Send + Sync + 'static {
    /// Extracts the arguments and calls the function.
    fn call<'a>(&self, context: &Context<'a, S>) -> Outcome<'a>;
}

/// Marks functions that give a future.
#[derive(Debug)]
pub enum Async {}

/// Marks functions that give the reply itself.
#[derive(Debug)]
pub enum Plain {}

/// Gives a reply that is there and borrows nothing.
pub(crate) fn ready<R: IntoReply + 'static>(request: MessageType, reply: R) -> Outcome<'static> {
    Outcome::Ready(Reply::from(reply.into_reply_ref(request)).into())
}

/// Boxes the future of a reply.
pub(crate) fn later<F>(request: MessageType, future: F) -> Outcome<'static>
where
    F: Future<Output: IntoReply> + Send + 'static,
{
    Outcome::Later(Box::pin(async move { future.await.into_reply_ref(request).into() }))
}

/// Extracts an argument that is not made from the message.
pub(crate) fn context_arg<T: FromContext<S>, S>(
    context: &Context<'_, S>,
) -> Result<T, Outcome<'static>> {
    T::from_context(context).map_err(rejected)
}

/// Extracts the last argument, which may be made from the whole message.
pub(crate) fn last_arg<T: FromMessage<S, M>, S, M>(
    context: &Context<'_, S>,
) -> Result<T, Outcome<'static>> {
    T::from_message(*context.call.message, context).map_err(rejected)
}

/// Extracts the last argument, which may borrow from the message.
#[cfg(feature = "macros")]
pub(crate) fn lent_arg<'a, T: super::FromMessageRef<'a, S>, S>(
    context: &Context<'a, S>,
) -> Result<T, Outcome<'static>> {
    T::from_message_ref(*context.call.message, context).map_err(rejected)
}

fn rejected(rejection: impl IntoErrorReply) -> Outcome<'static> {
    Outcome::Ready(Reply::from(rejection.into_error_reply()).into())
}

macro_rules! handler {
    ([$($arg:ident),*], $last:ident) => {
        #[allow(non_snake_case, reason = "type parameters double as variable names")]
        impl<S, F, Fut, M, $($arg,)* $last> Handler<S, (Async, M, $($arg,)* $last,)> for F
        where
            F: Fn($($arg,)* $last) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: IntoReply> + Send + 'static,
            $($arg: FromContext<S>,)*
            $last: FromMessage<S, M>,
        {
            fn call<'a>(&self, context: &Context<'a, S>) -> Outcome<'a> {
                $(let $arg = match context_arg::<$arg, S>(context) {
                    Ok(arg) => arg,
                    Err(outcome) => return outcome,
                };)*
                match last_arg::<$last, S, M>(context) {
                    Ok($last) => later(context.message_type(), self($($arg,)* $last)),
                    Err(outcome) => outcome,
                }
            }
        }

        #[allow(non_snake_case, reason = "type parameters double as variable names")]
        impl<S, F, R, M, $($arg,)* $last> Handler<S, (Plain, M, $($arg,)* $last,)> for F
        where
            F: Fn($($arg,)* $last) -> R + Send + Sync + 'static,
            R: IntoReply + 'static,
            $($arg: FromContext<S>,)*
            $last: FromMessage<S, M>,
        {
            fn call<'a>(&self, context: &Context<'a, S>) -> Outcome<'a> {
                $(let $arg = match context_arg::<$arg, S>(context) {
                    Ok(arg) => arg,
                    Err(outcome) => return outcome,
                };)*
                match last_arg::<$last, S, M>(context) {
                    Ok($last) => ready(context.message_type(), self($($arg,)* $last)),
                    Err(outcome) => outcome,
                }
            }
        }
    };
}

impl<S, F, Fut> Handler<S, (Async,)> for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoReply> + Send + 'static,
{
    fn call<'a>(&self, context: &Context<'a, S>) -> Outcome<'a> {
        later(context.message_type(), self())
    }
}

impl<S, F, R> Handler<S, (Plain,)> for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: IntoReply + 'static,
{
    fn call<'a>(&self, context: &Context<'a, S>) -> Outcome<'a> {
        ready(context.message_type(), self())
    }
}

handler!([], L);
handler!([A], L);
handler!([A, B], L);
handler!([A, B, C], L);
handler!([A, B, C, D], L);
handler!([A, B, C, D, E], L);
handler!([A, B, C, D, E, G], L);
handler!([A, B, C, D, E, G, H], L);
