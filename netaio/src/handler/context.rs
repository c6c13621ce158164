use std::sync::Arc;

use super::{Connection, Endpoint, RemoteAddr, Slot, Transport};
use crate::{
    engine::Signers,
    peer::{Peer, PeerBook},
    plugin::Layer,
    wire::{MessageRef, MessageType},
};

/// What is known of one call, whatever the app: built by the transport, lent to the handler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) message: &'a MessageRef<'a>,
    pub(crate) connection: &'a Connection,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) transport: Transport,
    pub(crate) peers: &'a PeerBook,
    pub(crate) outer: &'a Layer,
    pub(crate) slot: &'a Slot,
    pub(crate) signers: &'a Signers,
}

impl<'a> Call<'a> {
    /// Returns the address of the sender.
    pub(crate) fn remote(&self) -> &'a RemoteAddr {
        self.connection.remote_addr()
    }
}

/// What extractors draw from: the message's circumstances and the app's state.
#[derive(Debug)]
pub struct Context<'a, S> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) state: &'a S,
}

impl<S> Context<'_, S> {
    /// Returns the type of the message.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.call.message.message_type()
    }

    /// Returns the uri of the message.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        self.call.message.uri()
    }

    /// Returns the app's state.
    #[must_use]
    pub fn state(&self) -> &S {
        self.state
    }

    /// Returns the connection that the message came over.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        self.call.connection
    }

    /// Returns the server or node that runs the handler.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.call.endpoint
    }

    /// Returns the address of the sender.
    #[must_use]
    pub fn remote_addr(&self) -> &RemoteAddr {
        self.call.remote()
    }

    /// Returns the kind of network the message came over.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.call.transport
    }

    /// Returns the peer that made itself known from the sender's address, if one has.
    #[must_use]
    pub fn peer(&self) -> Option<Arc<Peer>> {
        self.call.peers.at(self.remote_addr())
    }
}
