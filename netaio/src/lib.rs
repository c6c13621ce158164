//! A declarative framework for network applications that are not HTTP.
//!
//! Write an async fn, put `#[on(CreateUri, auth = admin)]` on it, and it answers over TCP, UDP, Unix
//! sockets or memory, authenticated and encrypted in layers. The wire is that of the Python package
//! netaio 0.0.9: nodes in both languages work together.
//!
//! # Quick start
//!
//! ```
//! use netaio::{net::memory, prelude::*};
//! use std::sync::{Arc, Mutex};
//!
//! #[app(state = Arc<Mutex<u64>>)]
//! struct App;
//!
//! #[on(RequestUri, uri = "count")]
//! async fn count(State(count): State<Arc<Mutex<u64>>>) -> String {
//!     let mut count = count.lock().unwrap();
//!     *count += 1;
//!     count.to_string()
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> netaio::Result<()> {
//!     let app = App::builder().state(Arc::default()).build()?;
//!     // A test needs no socket; a program says `TcpServer::builder(app).bind("...").await?`.
//!     let client = memory::connect(app);
//!     assert_eq!(client.request("count").await?.content(), "1");
//!     Ok(())
//! }
//! ```
//!
//! # The way around
//!
//! | to learn | see |
//! |---|---|
//! | what a handler may take | [`handler::extract`] |
//! | what a handler may return | [`handler::reply`] |
//! | the attributes and their options | [`app`], [`on`], [`once`], [`message_types`], [`handlers`] |
//! | every option of the attributes | [`attributes`] |
//! | why a handler does not compile | [`handler_errors`] |
//! | how handlers are registered, also those of other crates | [`registration`] |
//! | how to serve | [`TcpServer`] |
//! | how to call | [`TcpClient`] |
//! | how to serve, call and find others over UDP | [`UdpNode`], [`peer`] |
//! | how layers of auth and encryption work | [`plugin`] |
//! | how to test without sockets | [`net::memory`] |
//! | what peers may use up | [`Limits`] |
//! | the bytes | [`wire`] |
//! | what has become of a Python name | [`coming_from_python`] |
//!
//! # The onion
//!
//! An endpoint's *outer* layer protects all its traffic; a handler's *inner* layer, which
//! `auth = admin` asks for, protects what it guards. A reply takes the way back:
//!
//! ```text
//!   bytes -> outer auth -> outer cipher -> (route) -> inner auth -> inner cipher -> handler
//!   bytes <- outer auth <- outer cipher <------------ inner auth <- inner cipher <- reply
//! ```
//!
//! A message that fails a check goes no further, whatever the endpoint answers.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | yes | the attributes, and registration at link time |
//! | `hmac` | yes | [`plugin::HmacAuth`] |
//! | `stream-cipher` | yes | [`plugin::Sha256StreamCipher`] |
//! | `hashcash` | no | `plugin::HashcashAuth`, proof of work |
//! | `asymmetric` | no | `plugin::X25519Cipher` |
//! | `tapescript` | no | `plugin::TapescriptAuth`, locks and witnesses |
//! | `metrics` | no | counters and histograms for the `metrics` crate's recorder: see [`observability`] |
//! | `tls` | no | `net::TlsListener`, [`TcpServer`]`::bind_tls`, clients over TLS |
//! | `json` | no | the `Json<T>` argument and reply |

#![cfg_attr(docsrs, feature(doc_cfg))]
// Nothing that a peer sends may panic. Sums are looked after by the fuzz targets, which check every
// one of them for overflow.
#![cfg_attr(
    not(test),
    warn(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::unwrap_used
    )
)]

mod budget;
mod deadline;
mod engine;
mod error;
pub mod handler;
pub mod net;
pub mod peer;
pub mod plugin;
pub mod prelude;
#[cfg(feature = "macros")]
mod private;
mod pubsub;
mod queue;
mod throttle;
pub mod wire;

pub use engine::{
    AuthFailureAction, AuthFailurePolicy, BroadcastScope, Counters, Keepalive, Limits,
    RefusedMessage, ReplayMode, ReplayPolicy,
};
pub use error::{Error, Result};
#[doc(inline)]
pub use handler::App;
#[doc(inline)]
pub use net::{TcpServer, UdpNode, client::TcpClient};
/// The TLS library whose configurations [`net::TlsListener`] and clients take.
#[cfg(feature = "tls")]
pub use rustls;
/// The script language of the locks that [`plugin::TapescriptAuth`] takes.
#[cfg(feature = "tapescript")]
pub use tapescript;

#[cfg(feature = "macros")]
pub use netaio_macros::{app, handlers, message_types, on, once};
#[doc(inline)]
pub use wire::{Message, MessageType};

/// What generated code names. Not public API.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __private {
    pub use crate::private::*;
}

#[doc = include_str!("docs/attributes.md")]
pub mod attributes {}

#[doc = include_str!("docs/registration.md")]
pub mod registration {}

#[doc = include_str!("docs/handler_errors.md")]
pub mod handler_errors {}

#[doc = include_str!("docs/observability.md")]
pub mod observability {}

#[doc = include_str!("docs/coming_from_python.md")]
pub mod coming_from_python {}

/// The README's programs compile.
#[cfg(all(doctest, feature = "macros", feature = "hmac"))]
#[doc = include_str!("../../README.md")]
mod readme {}
