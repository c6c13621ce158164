//! Plugins that protect messages, and the onion they form.
//!
//! An [`AuthPlugin`] signs what leaves and checks what arrives; a [`CipherPlugin`] seals and opens
//! it. One of each makes a [`Layer`]. An endpoint has an *outer* layer for all its traffic; a
//! handler or a call may have an *inner* one of its own:
//!
//! ```text
//!            sending                              receiving
//!   handler's reply                         bytes from the network
//!         |                                        |
//!   inner cipher  encrypt                   outer auth    check
//!   inner auth    make                      outer cipher  decrypt
//!   outer cipher  encrypt                      (find the handler)
//!   outer auth    make                      inner auth    check
//!         |                                 inner cipher  decrypt
//!   bytes to the network                           |
//!                                           handler's arguments
//! ```
//!
//! All layers of one message share one map of [`AuthFields`](crate::wire::AuthFields), so two
//! layers must not write the same field; `nonce` and `ts` are made to be shared.
//!
//! | plugin | protects | does not protect |
//! |---|---|---|
//! | `HmacAuth` | uri and content against change, by holders of the secret only | type, direction and other fields, unless its [`binding`](HmacAuth::binding) is on; who of the holders it was |
//! | `HashcashAuth` | handlers against being called for nothing: each message has cost work | against who pays; anything against change |
//! | `TapescriptAuth` | uri and content against change, by whoever can open its lock | type, direction and other fields; what the lock does not ask to be signed |
//! | `Sha256StreamCipher` | uri and content against reading | anything against change: it needs an auth plugin |
//! | `X25519Cipher` | content, or with `encrypt_uri` the uri too, against reading and change | against what was captured once a key is stolen; a node's own box sent back to it |
//!
//! What a message of 1 KiB costs, in microseconds on one core of a server with SHA extensions and
//! AVX-512; without the latter the stream cipher takes twice as long, the box four times:
//!
//! | plugin | to send | to receive |
//! |---|---|---|
//! | `HmacAuth` | 1.2 | 1.1 |
//! | `HmacAuth`, binding required | 1.5 | 1.3 |
//! | `HmacAuth`, binding offered | 2.7 | 2.4 |
//! | `HashcashAuth` | what is paid: 6,000 for 16 bits, 100,000 for 20 | 0.8, forged or not |
//! | `Sha256StreamCipher` | 1.0 | 1.0 |
//! | `X25519Cipher` | 0.9, and once for each peer 75 | 0.9 |
//!
//! `HmacAuth` takes two thirds of that for each of many messages that came together.
//!
//! None of them has forward secrecy: who captures traffic and learns the key later reads it all, and
//! a short secret can be guessed from one captured message. None hides the message type, the length,
//! who talks with whom, and the auth fields. Where that matters, or where strangers can capture
//! traffic and nodes can't all be trusted with one secret, use TLS beside them or instead.
//!
//! What is captured can be sent again, or sent back. Endpoints know it by the
//! [`Fingerprint`]s that plugins give, and refuse it as their
//! [`ReplayPolicy`](crate::ReplayPolicy) says.
//!
//! # Plugins of your own
//!
//! [`AuthPlugin`], [`CipherPlugin`] and [`PeerPlugin`](crate::peer::PeerPlugin) have two methods
//! that must be written, and each has an example; [`check`] makes an auth plugin of a function.
//! [`Chain`] puts several auth plugins into one place. What plugins name in `field_names` is
//! compared when an app is built and when a server takes it, so that no layer overwrites another's
//! fields unnoticed. One that depends on who receives a message says so with `is_peer_specific`:
//! then each receiver of a notification gets one of its own. One that takes less for several
//! messages together says so with [`worthwhile_batch`](AuthPlugin::worthwhile_batch).

mod auth;
mod cipher;
mod context;
mod environment;
#[cfg(any(feature = "hmac", feature = "stream-cipher"))]
mod key;
mod layer;
mod proof;
#[cfg(any(feature = "hmac", feature = "stream-cipher", feature = "asymmetric"))]
mod secret;
#[cfg(any(feature = "hmac", feature = "stream-cipher"))]
mod sha256;
#[cfg(all(test, any(feature = "hmac", feature = "stream-cipher")))]
mod vectors;

#[cfg(feature = "hashcash")]
pub use auth::HashcashAuth;
#[cfg(feature = "tapescript")]
pub use auth::TapescriptAuth;
pub use auth::{AuthError, AuthFailure, AuthPlugin, Chain, Check, Unchecked, Unsigned, check};
#[cfg(feature = "hmac")]
pub use auth::{Binding, HmacAuth};
#[cfg(feature = "stream-cipher")]
pub use cipher::Sha256StreamCipher;
#[cfg(feature = "asymmetric")]
pub use cipher::X25519Cipher;
pub use cipher::{CipherError, CipherPlugin};
pub use context::{Direction, PeerView, PluginContext, Role};
pub use environment::{Environment, System};
pub(crate) use layer::Watch;
pub use layer::{Layer, OpenError, SealError};
pub use proof::{Fingerprint, Proof};
