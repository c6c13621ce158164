//! What a program with handlers imports: `use netaio::prelude::*;`.

#[doc(no_inline)]
pub use bytes::Bytes;

#[cfg(feature = "json")]
#[doc(no_inline)]
pub use crate::handler::Json;
#[cfg(feature = "hmac")]
#[doc(no_inline)]
pub use crate::plugin::HmacAuth;
#[cfg(feature = "stream-cipher")]
#[doc(no_inline)]
pub use crate::plugin::Sha256StreamCipher;
#[cfg(feature = "tapescript")]
#[doc(no_inline)]
pub use crate::plugin::TapescriptAuth;
#[cfg(feature = "asymmetric")]
#[doc(no_inline)]
pub use crate::plugin::X25519Cipher;
#[cfg(feature = "macros")]
#[doc(no_inline)]
pub use crate::{app, handlers, message_types, on, once};
#[doc(no_inline)]
pub use crate::{
    handler::{
        Connection, Endpoint, FromContext, FromMessage, IntoErrorReply, IntoReply, RemoteAddr,
        Reply, ReplyError, Transport, Verified,
        extract::{Content, FromRef, State, Uri},
        reply::NoReply,
    },
    net::{TcpServer, UdpNode, client::TcpClient},
    peer::Peer,
    wire::{Message, MessageRef, MessageType},
};
