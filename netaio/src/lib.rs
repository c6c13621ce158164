//! A declarative framework for network applications that are not HTTP.

pub mod engine;
mod error;
pub mod handler;
pub mod net;
pub mod plugin;
pub mod prelude;
pub mod pubsub;
pub mod wire;

#[cfg(feature = "macros")]
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use engine::{AuthFailureAction, AuthFailurePolicy, Counters, Limits, RefusedMessage};
pub use error::{Error, Result};
pub use handler::App;
pub use net::{TcpServer, client::TcpClient};
#[cfg(feature = "macros")]
pub use netaio_macros::{app, handlers, message_types, on, once};
pub use wire::{Message, MessageType};
