use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use netaio::{App, prelude::*};

use crate::profile::Profile;

type Store = Arc<Mutex<HashMap<Bytes, Bytes>>>;

/// Builds the sample application: the same handlers for every profile, guarded by its inner layer.
pub(crate) fn app(profile: &Profile) -> netaio::Result<App> {
    let (app, store) = (App::empty(), Store::default());
    let inner = || profile.inner.clone();

    let stored = Arc::clone(&store);
    app.on_with(MessageType::CreateUri, inner(), move |uri: Uri, content: Content| {
        let mut stored = stored.lock().unwrap();
        if stored.contains_key(&uri[..]) {
            return Err("cannot overwrite");
        }
        stored.insert(uri.into(), content.into());
        Ok("stored")
    });
    let stored = Arc::clone(&store);
    app.on(MessageType::RequestUri, move |uri: Uri| stored.lock().unwrap().get(&uri[..]).cloned());
    app.on((MessageType::RequestUri, "echo"), |content: Content| content);
    app.on_with((MessageType::RequestUri, "guarded-echo"), inner(), |content: Content| content);
    let stored = Arc::clone(&store);
    app.on_with(MessageType::UpdateUri, inner(), move |uri: Uri, content: Content| {
        let mut stored = stored.lock().unwrap();
        let content: Bytes = content.into();
        stored.get_mut(&uri[..]).map(|old| *old = content).map(|()| "stored")
    });
    app.on_with(MessageType::DeleteUri, inner(), move |uri: Uri| {
        store.lock().unwrap().remove(&uri[..]).map(|_| "deleted")
    });
    app.on(MessageType::SubscribeUri, |uri: Uri, peer: Connection| peer.subscribe(uri));
    app.on(MessageType::UnsubscribeUri, |uri: Uri, peer: Connection| peer.unsubscribe(uri));
    app.on(
        MessageType::PublishUri,
        |uri: Uri, endpoint: Endpoint, content: Content| -> Result<&'static str, ReplyError> {
            endpoint.notify(uri, content)?;
            Ok("published")
        },
    );
    Ok(app)
}
