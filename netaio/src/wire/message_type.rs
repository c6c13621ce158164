use std::fmt;

macro_rules! base_types {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)*) => {
        /// The type of a message: one of the protocol's own, or an application's.
        ///
        /// Numbers 0 to 30 belong to the protocol, 31 to 255 to applications.
        #[repr(u8)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub enum MessageType {
            $($(#[$doc])* #[doc(alias = $name)] $variant = $code,)*
            /// A type of the application, declared by `#[message_types]`.
            Custom(CustomType) = CustomType::FIRST,
        }

        impl MessageType {
            /// The protocol's own types, by number.
            pub const BASE: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the number that stands for it on the wire.
            #[must_use]
            #[inline]
            pub const fn code(self) -> u8 {
                // Asked for first, the rest is no choice at all: each is held as its number.
                if let Self::Custom(custom) = self {
                    return custom.get();
                }
                match self {
                    $(Self::$variant => $code,)*
                    Self::Custom(_) => CustomType::FIRST,
                }
            }

            /// Returns the type of a number; `None` for the protocol's unassigned numbers.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    CustomType::FIRST.. => Some(Self::Custom(CustomType(code))),
                    _ => None,
                }
            }

            /// Returns the protocol's name of it, such as `REQUEST_URI`; `CUSTOM` for all others.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Custom(_) => "CUSTOM",
                }
            }
        }
    };
}

base_types! {
    /// Asks for what is at a uri.
    RequestUri = 0, "REQUEST_URI";
    /// Answers [`RequestUri`](Self::RequestUri).
    RespondUri = 1, "RESPOND_URI";
    /// Puts content at a new uri.
    CreateUri = 2, "CREATE_URI";
    /// Replaces what is at a uri.
    UpdateUri = 3, "UPDATE_URI";
    /// Removes what is at a uri.
    DeleteUri = 4, "DELETE_URI";
    /// Asks for the notifications of a uri.
    SubscribeUri = 5, "SUBSCRIBE_URI";
    /// Asks for no more of them.
    UnsubscribeUri = 6, "UNSUBSCRIBE_URI";
    /// Gives content to a uri's subscribers.
    PublishUri = 7, "PUBLISH_URI";
    /// Carries content to a subscriber.
    NotifyUri = 8, "NOTIFY_URI";
    /// Makes a peer known and asks others to answer.
    AdvertisePeer = 9, "ADVERTISE_PEER";
    /// Says that it is done.
    Ok = 10, "OK";
    /// Confirms a subscription.
    ConfirmSubscribe = 11, "CONFIRM_SUBSCRIBE";
    /// Confirms the end of a subscription.
    ConfirmUnsubscribe = 12, "CONFIRM_UNSUBSCRIBE";
    /// Answers [`AdvertisePeer`](Self::AdvertisePeer).
    PeerDiscovered = 13, "PEER_DISCOVERED";
    /// Says that something went wrong.
    Error = 20, "ERROR";
    /// Says that auth failed.
    AuthError = 23, "AUTH_ERROR";
    /// Says that there is nothing at the uri, or nobody to handle the message.
    NotFound = 24, "NOT_FOUND";
    /// Says that the sender may not do this.
    NotPermitted = 25, "NOT_PERMITTED";
    /// Says that a peer leaves.
    Disconnect = 30, "DISCONNECT";
}

impl MessageType {
    /// Returns the custom type of a number.
    ///
    /// # Panics
    ///
    /// Panics for a number below 31; in a const that is a compile error.
    /// [`CustomType::new`] tells instead.
    #[must_use]
    pub const fn custom(code: u8) -> Self {
        assert!(code >= CustomType::FIRST, "message types 0 to 30 belong to the protocol");
        Self::Custom(CustomType(code))
    }

    /// Returns whether it asks for an answer: the types 0 and 2 to 7.
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self.code(), 0 | 2..=7)
    }

    /// Returns whether it is never to be answered by itself: 1, 8, 10 to 13, 20 to 25 and 30.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self.code(), 1 | 8 | 10..=13 | 20..=25 | 30)
    }

    /// Returns whether it is ERROR or AUTH_ERROR, the base types named an error.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::AuthError)
    }

    /// Returns whether it answers that a request was not done: ERROR, AUTH_ERROR, NOT_FOUND or
    /// NOT_PERMITTED.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::AuthError | Self::NotFound | Self::NotPermitted)
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(custom) => write!(f, "CUSTOM({})", custom.get()),
            base => f.pad(base.name()),
        }
    }
}

/// The number of an application's message type: 31 to 255.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct CustomType(u8);

impl CustomType {
    /// The first number that applications may use.
    pub const FIRST: u8 = 31;

    /// Makes it from a number.
    ///
    /// # Errors
    ///
    /// Returns [`ReservedType`] below 31.
    pub const fn new(code: u8) -> Result<Self, ReservedType> {
        if code < Self::FIRST { Err(ReservedType(code)) } else { Ok(Self(code)) }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl From<CustomType> for MessageType {
    fn from(custom: CustomType) -> Self {
        Self::Custom(custom)
    }
}

/// A number that belongs to the protocol was to be a custom type's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message type {0} belongs to the protocol: custom types are 31 to 255")]
pub struct ReservedType(pub u8);

/// A number is no message type that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a message type that is known here")]
pub struct UnknownType(pub u8);
