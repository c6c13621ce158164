use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use super::Engine;
use crate::{
    handler::{Bound, Call, Outcome, Reply, Route, RouteKey, Slot},
    peer::{Manager, Peer, PeerManagement},
    plugin::Layer,
    wire::{MessageRef, MessageType},
};

/// What an endpoint's management does beside keeping the table.
#[derive(Clone)]
pub(crate) struct Hooks {
    /// Whether ADVERTISE_PEER is answered; a TCP client answers nothing.
    pub(crate) answers: bool,
    /// Called with a peer that took leave.
    pub(crate) on_leave: Arc<dyn Fn(&Peer) + Send + Sync>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("answers", &self.answers).finish_non_exhaustive()
    }
}

/// The name of the built-in handlers, for logs.
const NAME: &str = "peer management";

impl Engine {
    /// Starts to manage the peers of an app id, by handlers of the endpoint's own.
    pub(crate) fn manage_peers(self: &Arc<Self>, management: &PeerManagement, hooks: &Hooks) {
        let introduce = hooks.answers;
        self.handle_peers(
            MessageType::AdvertisePeer,
            management,
            move |manager, message, call, now| {
                let answers =
                    manager.advertised(message.content(), call.remote(), now) && introduce;
                answers.then(|| manager.introduction())
            },
        );
        self.handle_peers(
            MessageType::PeerDiscovered,
            management,
            |manager, message, call, now| {
                manager.discovered(message.content(), call.remote(), now);
                None
            },
        );
        let on_leave = Arc::clone(&hooks.on_leave);
        self.handle_peers(MessageType::Disconnect, management, move |manager, message, call, _| {
            if let Some(peer) = manager.disconnected(message.content(), call.remote()) {
                on_leave(&peer);
            }
            None
        });
        self.peers.with(|manager, now| manager.start(management, now));
        self.peers.rescheduled.notify_one();
    }

    /// Ends the management of an app id; returns the layer of its messages if there was one.
    pub(crate) fn stop_peers(&self, app_id: &[u8]) -> Option<Layer> {
        for message_type in MANAGEMENT {
            self.own.remove(&RouteKey::from((message_type, app_id)));
        }
        self.peers.with(|manager, _| manager.stop(app_id))
    }

    fn handle_peers<F>(
        self: &Arc<Self>,
        message_type: MessageType,
        management: &PeerManagement,
        act: F,
    ) where
        F: Fn(&mut Manager, MessageRef<'_>, &Call<'_>, Duration) -> Option<Bytes>
            + Send
            + Sync
            + 'static,
    {
        let key = RouteKey::from((message_type, &management.app_id));
        let route = Route { key, name: NAME, once: false, auth: None, cipher: None, place: None };
        // The engine has the handler; a handler that had the engine would keep both for ever.
        let engine = Arc::downgrade(self);
        let handler = Own(move |call: &Call<'_>| {
            let answer = engine.upgrade().and_then(|engine| {
                let peers = &engine.peers;
                let (answer, refused) = peers.with(|manager, now| {
                    (act(manager, *call.message, call, now), manager.take_refused())
                });
                if let Some(refused) = refused {
                    engine.note_peer(refused, call.remote());
                }
                answer
            });
            answer.map_or_else(Reply::none, |content| {
                Reply::new(MessageType::PeerDiscovered, content)
            })
        });
        self.own.insert(Slot::new(route, management.layer.clone(), None, Box::new(handler)));
    }
}

/// A handler of the endpoint itself.
struct Own<F>(F);

impl<F: Fn(&Call<'_>) -> Reply + Send + Sync> Bound for Own<F> {
    fn call<'a>(&'a self, call: &'a Call<'a>) -> Outcome<'a> {
        Outcome::Ready(self.0(call).into())
    }
}

/// The types of message that peer management handles.
const MANAGEMENT: [MessageType; 3] =
    [MessageType::AdvertisePeer, MessageType::PeerDiscovered, MessageType::Disconnect];

/// Returns whether a message may be one of peer management.
pub(super) fn is_management(message_type: MessageType) -> bool {
    MANAGEMENT.contains(&message_type)
}
