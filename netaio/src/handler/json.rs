use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Context, FromMessage, FromMessageRef, IntoErrorReply, IntoReply, Reply, ReplyError};
use crate::{
    throttle::Throttle,
    wire::{MessageRef, MessageType},
};

/// JSON content: as an argument it is parsed, as a return value it is written.
///
/// Content that does not parse is answered with ERROR and the parser's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

/// The content was to be JSON of a certain shape and is not.
#[derive(Debug, thiserror::Error)]
#[error("the content is not the expected JSON")]
pub struct JsonRejection(#[from] serde_json::Error);

impl IntoErrorReply for JsonRejection {
    fn into_error_reply(self) -> ReplyError {
        ReplyError::error(format!("invalid JSON: {}", self.0))
    }
}

impl<S, T: DeserializeOwned> FromMessage<S> for Json<T> {
    type Rejection = JsonRejection;

    fn from_message(message: MessageRef<'_>, _: &Context<'_, S>) -> Result<Self, JsonRejection> {
        Ok(Self(serde_json::from_slice(message.content())?))
    }
}

impl<'a, S, T: Deserialize<'a>> FromMessageRef<'a, S> for Json<T> {
    type Rejection = JsonRejection;

    fn from_message_ref(
        message: MessageRef<'a>,
        _: &Context<'_, S>,
    ) -> Result<Self, JsonRejection> {
        Ok(Self(serde_json::from_slice(message.content())?))
    }
}

impl<T: Serialize> IntoReply for Json<T> {
    fn into_reply(self, request: MessageType) -> Reply {
        match serde_json::to_vec(&self.0) {
            Ok(text) => text.into_reply(request),
            Err(error) => {
                static LINES: Throttle = Throttle::new();
                if LINES.allows_now() {
                    tracing::error!(%error, "a handler's reply can't be written as JSON");
                }
                ReplyError::internal().into()
            }
        }
    }
}
