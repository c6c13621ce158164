use bytes::{Bytes, BytesMut};

use super::{
    AuthFields, AuthFieldsError, AuthLimits, Body, BodyError, BodyTooLarge, Header, HeaderError,
    MessageRef, MessageType, TooLarge, TypeSet, UnknownType, encode_frame,
};

/// A message: its type, auth fields, uri and content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "MessageProtocol")]
pub struct Message {
    message_type: MessageType,
    auth: AuthFields,
    body: Body,
}

impl Message {
    /// Makes a message without auth fields.
    ///
    /// # Errors
    ///
    /// Returns [`BodyTooLarge`] when uri and content exceed [`Body::MAX_LENGTH`] together.
    #[doc(alias = "prepare")]
    pub fn new(
        message_type: impl Into<MessageType>,
        uri: impl AsRef<[u8]>,
        content: impl AsRef<[u8]>,
    ) -> Result<Self, BodyTooLarge> {
        Ok(Self::from_parts(message_type.into(), AuthFields::new(), Body::new(uri, content)?))
    }

    /// Makes a message from its parts.
    #[must_use]
    pub fn from_parts(message_type: MessageType, auth: AuthFields, body: Body) -> Self {
        Self { message_type, auth, body }
    }

    /// Gives the parts.
    #[must_use]
    pub fn into_parts(self) -> (MessageType, AuthFields, Body) {
        (self.message_type, self.auth, self.body)
    }

    /// Returns the type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.message_type
    }

    /// Returns the uri.
    #[must_use]
    pub fn uri(&self) -> &[u8] {
        self.body.uri()
    }

    /// Returns the content.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        self.body.content()
    }

    /// Returns the body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Gives the content, sharing the message's memory.
    #[must_use]
    pub fn into_content(self) -> Bytes {
        self.body.into_content()
    }

    /// Returns the auth fields.
    #[must_use]
    #[doc(alias = "auth_data")]
    pub fn auth_fields(&self) -> &AuthFields {
        &self.auth
    }

    /// Returns the auth fields, to set some.
    pub fn auth_fields_mut(&mut self) -> &mut AuthFields {
        &mut self.auth
    }

    /// Lends it.
    #[must_use]
    pub fn as_ref(&self) -> MessageRef<'_> {
        MessageRef::new(self.message_type, &self.auth, self.body.as_ref())
    }

    /// Encodes it.
    ///
    /// # Errors
    ///
    /// Returns [`TooLarge`] when a part exceeds 65,535 bytes.
    pub fn encode(&self) -> Result<Bytes, TooLarge> {
        let mut out = BytesMut::new();
        self.encode_into(&mut out)?;
        Ok(out.freeze())
    }

    /// Appends it, encoded, to `out`.
    ///
    /// # Errors
    ///
    /// Returns [`TooLarge`] when a part exceeds 65,535 bytes; `out` is as it was then.
    pub fn encode_into(&self, out: &mut BytesMut) -> Result<(), TooLarge> {
        encode_frame(self.message_type.code(), &self.auth, self.body.encoded(), out)
    }

    /// Reads a whole buffer as one message.
    ///
    /// As in the original, all that follows the auth fields is the body, whatever its declared
    /// length: a byte too many shows as a wrong checksum.
    ///
    /// # Errors
    ///
    /// Returns [`MessageError`] when any part can't be read or the checksum is wrong.
    pub fn decode(bytes: &[u8], known: &TypeSet) -> Result<Self, MessageError> {
        let header = Header::decode(bytes)?;
        let message_type = header.message_type(known)?;
        let rest = bytes.get(Header::LENGTH..).unwrap_or_default();
        let (auth, body) =
            rest.split_at_checked(header.auth_length.into()).ok_or(MessageError::Cut)?;
        let auth = AuthFields::decode(auth, &AuthLimits::default())?;
        let body = Body::decode(Bytes::copy_from_slice(body))?;
        if body.checksum() != header.checksum {
            return Err(MessageError::Checksum);
        }
        Ok(Self { message_type, auth, body })
    }
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The header can't be read.
    #[error("the header can't be read")]
    Header(#[from] HeaderError),
    /// The type is not known.
    #[error("the message type is unknown")]
    Type(#[from] UnknownType),
    /// The bytes end within the auth fields.
    #[error("the message is cut short")]
    Cut,
    /// The auth fields can't be read.
    #[error("the auth fields can't be read")]
    AuthFields(#[from] AuthFieldsError),
    /// The body can't be read.
    #[error("the body can't be read")]
    Body(#[from] BodyError),
    /// The checksum does not fit the body.
    #[error("the checksum does not fit the body")]
    Checksum,
}
