//! PeerBook: other nodes that make themselves known, with an id and data of their own.
//!
//! A node says who it is with ADVERTISE_PEER; who hears it remembers the peer and answers with
//! PEER_DISCOVERED; DISCONNECT takes leave. The uri of all three is the app id, `netaio` unless
//! set, so that several applications can share a network.
//!
//! ```text
//!   A                              B
//!   | -- ADVERTISE_PEER (A) ----->  |   by multicast, to seeds, or on connecting
//!   | <---- PEER_DISCOVERED (B) --  |
//!   |             ...               |   again every 20 s on UDP
//!   | -- DISCONNECT (A) ---------->  |
//! ```
//!
//! An id is a claim: nothing proves it. While its owner is alive nobody else can change its data
//! or take it off the table; see [`PeerTable`] for the rules.
//!
//! [`PeerTable`] and what decides on the messages use no clock and no network, so that hundreds of
//! nodes can be simulated.

mod addr;
mod event;
mod management;
mod manager;
mod plugin;
mod record;
mod shared;
#[cfg(test)]
mod simulation;
mod table;

pub use addr::{RemoteAddr, Transport};
pub use event::PeerEvent;
pub use management::PeerManagement;
pub use plugin::{PackifyPeers, PeerPlugin};
pub use record::{Peer, PeerDataError};
pub use shared::PeerEvents;
pub use table::{ConflictPolicy, Learned, PeerLimits, PeerRefusal, PeerTable};

pub(crate) use manager::{Manager, Refused};
pub(crate) use shared::PeerBook;
