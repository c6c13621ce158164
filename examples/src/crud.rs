//! A small shared store, as the README of the Python original has it.
//!
//! Anybody with the outer secret reads and subscribes; creating, updating and deleting need the
//! administrator's secret too.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use netaio::{
    plugin::{Proof, check},
    prelude::*,
};

/// What is stored, by uri.
#[derive(Debug, Clone, Default)]
pub struct Store(Arc<Mutex<HashMap<Bytes, Bytes>>>);

impl Store {
    fn lock(&self) -> MutexGuard<'_, HashMap<Bytes, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The app: its state, and the key that guards its changes.
#[derive(Debug)]
#[app(state = Store, auth = [admin])]
pub struct Crud;

#[on(CreateUri, auth = admin, app = Crud)]
async fn create(
    uri: Uri,
    State(store): State<Store>,
    content: Content,
) -> Result<&'static str, ReplyError> {
    tracing::info!(%uri, "create");
    match store.lock().entry(uri.into()) {
        Entry::Occupied(_) => Err(ReplyError::error("cannot overwrite")),
        Entry::Vacant(slot) => {
            slot.insert(content.into());
            Ok("stored")
        }
    }
}

#[on(RequestUri, app = Crud)]
async fn read(uri: Uri, State(store): State<Store>) -> Option<Bytes> {
    tracing::info!(%uri, "read");
    store.lock().get(&uri[..]).cloned()
}

#[on(RequestUri, uri = "echo", app = Crud)]
async fn echo(content: Content) -> Content {
    content
}

#[on(UpdateUri, auth = admin, app = Crud)]
async fn update(
    uri: Uri,
    State(store): State<Store>,
    endpoint: Endpoint,
    content: Content,
) -> Result<&'static str, ReplyError> {
    tracing::info!(%uri, "update");
    match store.lock().get_mut(&uri[..]) {
        Some(stored) => *stored = content.clone().into(),
        None => return Err(ReplyError::not_found()),
    }
    endpoint.notify(&uri, content)?;
    Ok("stored")
}

#[on(DeleteUri, auth = admin, app = Crud)]
async fn delete(uri: Uri, State(store): State<Store>) -> Option<&'static str> {
    tracing::info!(%uri, "delete");
    store.lock().remove(&uri[..]).map(|_| "deleted")
}

#[on(SubscribeUri, app = Crud)]
async fn subscribe(uri: Uri, peer: Connection) -> Result<(), ReplyError> {
    Ok(peer.try_subscribe(uri)?)
}

#[on(UnsubscribeUri, app = Crud)]
async fn unsubscribe(uri: Uri, peer: Connection) {
    peer.unsubscribe(uri);
}

#[on(PublishUri, app = Crud)]
async fn publish(
    uri: Uri,
    endpoint: Endpoint,
    content: Content,
) -> Result<&'static str, ReplyError> {
    endpoint.notify(uri, content)?;
    Ok("published")
}

/// Builds the app; its changes are guarded by the secret, if there is one.
///
/// # Errors
///
/// Returns the mistakes in its configuration, of which it has none.
pub fn app(admin_secret: Option<&str>) -> netaio::Result<netaio::App<Crud>> {
    let builder = Crud::builder().state(Store::default());
    let builder = match admin_secret {
        Some(secret) => builder.bind_auth(Crud::admin, HmacAuth::new(secret).field("camh")),
        // For a server without auth: every message passes.
        None => builder.bind_auth(Crud::admin, check("none", |_, _, _| Ok(Proof::anonymous()))),
    };
    Ok(builder.build()?)
}
