use std::fmt;

use bytes::Bytes;

use super::RemoteAddr;
use crate::wire::MessageType;

/// What a handler is registered under: a message type, perhaps with a uri and a sender.
///
/// A message finds the most exact key first: type, uri and address, then type and uri, then type.
///
/// ```
/// use netaio::handler::RouteKey;
/// use netaio::wire::MessageType;
///
/// let any: RouteKey = MessageType::RequestUri.into();
/// let one: RouteKey = (MessageType::RequestUri, "echo").into();
/// assert_ne!(any, one);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[doc(alias = "keys_extractor")]
pub struct RouteKey {
    pub(crate) message_type: MessageType,
    pub(crate) uri: Option<Bytes>,
    pub(crate) remote: Option<RemoteAddr>,
}

impl RouteKey {
    /// Returns the message type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns the uri, if the key names one.
    #[must_use]
    pub fn uri(&self) -> Option<&[u8]> {
        self.uri.as_deref()
    }

    /// Returns the sender's address, if the key names one.
    #[must_use]
    pub fn remote_addr(&self) -> Option<&RemoteAddr> {
        self.remote.as_ref()
    }
}

impl<T: Into<MessageType>> From<T> for RouteKey {
    fn from(message_type: T) -> Self {
        Self { message_type: message_type.into(), uri: None, remote: None }
    }
}

impl<T: Into<MessageType>, U: AsRef<[u8]>> From<(T, U)> for RouteKey {
    fn from((message_type, uri): (T, U)) -> Self {
        let uri = Some(Bytes::copy_from_slice(uri.as_ref()));
        Self { message_type: message_type.into(), uri, remote: None }
    }
}

impl<T: Into<MessageType>, U: AsRef<[u8]>, R: Into<RemoteAddr>> From<(T, U, R)> for RouteKey {
    fn from((message_type, uri, remote): (T, U, R)) -> Self {
        Self { remote: Some(remote.into()), ..(message_type, uri).into() }
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message_type.fmt(f)?;
        if let Some(uri) = &self.uri {
            write!(f, " \"{}\"", uri.escape_ascii())?;
        }
        if let Some(remote) = &self.remote {
            write!(f, " from {remote}")?;
        }
        Ok(())
    }
}
