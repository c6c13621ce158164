//! The original's ready-made messages, for those who build messages by hand.
//!
//! Handlers seldom need them: they return [`Reply`](crate::handler::Reply) or plain values.

use super::{BodyTooLarge, ERROR_URI, Message, MessageType};

/// Makes a RESPOND_URI.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when uri and content are too large together.
#[doc(alias = "make_respond_uri_msg")]
pub fn respond_uri(
    content: impl AsRef<[u8]>,
    uri: impl AsRef<[u8]>,
) -> Result<Message, BodyTooLarge> {
    Message::new(MessageType::RespondUri, uri, content)
}

/// Makes an OK.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when uri and content are too large together.
#[doc(alias = "make_ok_msg")]
pub fn ok(content: impl AsRef<[u8]>, uri: impl AsRef<[u8]>) -> Result<Message, BodyTooLarge> {
    Message::new(MessageType::Ok, uri, content)
}

/// Makes a NOT_FOUND; the original's text is `not found`, its uri empty.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when uri and text are too large together.
#[doc(alias = "make_not_found_msg")]
pub fn not_found(text: impl AsRef<[u8]>, uri: impl AsRef<[u8]>) -> Result<Message, BodyTooLarge> {
    Message::new(MessageType::NotFound, uri, text)
}

/// Makes a NOT_PERMITTED; the original's text is `not permitted`, its uri empty.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when uri and text are too large together.
#[doc(alias = "make_not_permitted_msg")]
pub fn not_permitted(
    text: impl AsRef<[u8]>,
    uri: impl AsRef<[u8]>,
) -> Result<Message, BodyTooLarge> {
    Message::new(MessageType::NotPermitted, uri, text)
}

/// Makes an error whose type follows from its text, as the original does: `not found` anywhere
/// makes it NOT_FOUND, else `auth` AUTH_ERROR, else `not permitted` NOT_PERMITTED, else ERROR. Only
/// lower case counts.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when the text is too large.
#[doc(alias = "make_error_msg")]
pub fn error(text: impl AsRef<[u8]>) -> Result<Message, BodyTooLarge> {
    let message_type = inferred_type(text.as_ref());
    error_with(message_type, text, ERROR_URI)
}

/// Makes an error of a given type and uri.
///
/// # Errors
///
/// Returns [`BodyTooLarge`] when uri and text are too large together.
pub fn error_with(
    message_type: impl Into<MessageType>,
    text: impl AsRef<[u8]>,
    uri: impl AsRef<[u8]>,
) -> Result<Message, BodyTooLarge> {
    Message::new(message_type, uri, text)
}

/// Returns the error type that the original infers from a text.
#[must_use]
pub fn inferred_type(text: &[u8]) -> MessageType {
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    if has(b"not found") {
        MessageType::NotFound
    } else if has(b"auth") {
        MessageType::AuthError
    } else if has(b"not permitted") {
        MessageType::NotPermitted
    } else {
        MessageType::Error
    }
}
