//! Handlers: what a user writes, how arguments reach it, and how it is found.
//!
//! A handler is a function whose arguments are [extractors](extract) and whose return value is
//! [`IntoReply`]. `#[on]` and `#[once]` register it with an application; [`App::on`] and
//! [`App::once`] do so while it runs.

mod app;
mod connection;
mod context;
mod descriptor;
mod endpoint;
pub mod extract;
mod function;
mod identity;
#[cfg(feature = "json")]
mod json;
mod key;
mod peer;
mod problem;
pub mod reply;
mod reply_ref;
mod router;
mod uris;
mod verified;

pub use crate::peer::{RemoteAddr, Transport};
pub use app::{App, AppBuilder, Route};
pub use connection::{Connection, ConnectionId, SendError, SubscribeError};
pub use context::Context;
pub use descriptor::{
    Application, AuthKey, CallFn, CipherKey, Descriptor, MessageTypes, NoTypes, Outcome, Registered,
};
pub use endpoint::Endpoint;
pub use extract::{FromContext, FromMessage, FromMessageRef};
pub use function::{Async, Handler, Plain};
pub use identity::{Identity, NoIdentity};
#[cfg(feature = "json")]
pub use json::{Json, JsonRejection};
pub use key::RouteKey;
pub use peer::UnknownPeer;
pub use problem::{BuildError, Problem};
pub use reply::{IntoErrorReply, IntoReply, Reply, ReplyError};
pub use reply_ref::ReplyRef;
pub use verified::{Verified, VerifiedLayer};

pub(crate) use app::{check_outer, sorted_routes};
pub(crate) use connection::Link;
pub(crate) use context::Call;
pub(crate) use endpoint::Node;
#[cfg(feature = "macros")]
pub(crate) use function::{context_arg, last_arg, lent_arg};
pub(crate) use router::{Bound, Router, Slot, Table};
