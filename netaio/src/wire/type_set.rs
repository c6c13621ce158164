use std::borrow::Cow;

use super::{CustomType, MessageType};

/// The message types that a node knows: the protocol's and some custom ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[doc(alias = "make_message_type_class")]
pub struct TypeSet {
    /// One bit for each custom number.
    known: [u64; 4],
    /// The custom types' names, as declared.
    names: Vec<(u8, Cow<'static, str>)>,
}

impl TypeSet {
    /// The protocol's own types.
    pub const BASE: Self = Self { known: [0; 4], names: Vec::new() };

    /// Makes a set of the protocol's types and some more, by name and number.
    ///
    /// # Errors
    ///
    /// Returns [`TypeSetError`] for a name or number of the protocol, a number above 255, or a
    /// name or number that is there already.
    ///
    /// # Examples
    ///
    /// ```
    /// use netaio::wire::TypeSet;
    ///
    /// let types = TypeSet::with_types([("SAY", 50), ("JOIN", 51)])?;
    /// assert!(types.contains(50));
    /// assert!(TypeSet::with_types([("SAY", 30)]).is_err());
    /// # Ok::<(), netaio::wire::TypeSetError>(())
    /// ```
    pub fn with_types<N: Into<String>>(
        types: impl IntoIterator<Item = (N, i64)>,
    ) -> Result<Self, TypeSetError> {
        let mut set = Self::BASE;
        for (name, number) in types {
            let name = name.into();
            if MessageType::BASE.iter().any(|base| base.name() == name) {
                return Err(TypeSetError::BaseName(name));
            }
            let code = u8::try_from(number).ok().and_then(|code| CustomType::new(code).ok());
            let Some(code) = code else { return Err(TypeSetError::Number { name, number }) };
            if set.contains(code.get()) || set.names.iter().any(|(_, known)| *known == name) {
                return Err(TypeSetError::Twice { name, number });
            }
            set = set.with(code.get(), name);
        }
        Ok(set)
    }

    /// Checks a set that lists the protocol's types too, as the original's enums do.
    ///
    /// # Errors
    ///
    /// As [`with_types`](Self::with_types), and [`TypeSetError::BaseType`] when one of the
    /// protocol's types is missing or has another number.
    #[doc(alias = "validate_message_type_class")]
    pub fn from_members<N: Into<String>>(
        members: impl IntoIterator<Item = (N, i64)>,
    ) -> Result<Self, TypeSetError> {
        let mut members: Vec<(String, i64)> =
            members.into_iter().map(|(name, number)| (name.into(), number)).collect();
        for base in MessageType::BASE {
            let place = members.iter().position(|(name, _)| name == base.name());
            match place.map(|index| members.swap_remove(index)) {
                Some((_, number)) if number == i64::from(base.code()) => {}
                _ => return Err(TypeSetError::BaseType(*base)),
            }
        }
        Self::with_types(members)
    }

    /// Adds a custom type; a reserved number is left out.
    #[must_use]
    pub fn with(mut self, code: u8, name: impl Into<Cow<'static, str>>) -> Self {
        if code >= CustomType::FIRST && !self.contains(code) {
            if let Some(word) = self.known.get_mut(usize::from(code / 64)) {
                *word |= 1 << (code % 64);
            }
            self.names.push((code, name.into()));
        }
        self
    }

    /// Returns whether a custom number is known.
    #[must_use]
    pub fn contains(&self, code: u8) -> bool {
        self.known.get(usize::from(code / 64)).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }

    /// Returns the name of a type, the custom ones' as declared.
    #[must_use]
    pub fn name(&self, message_type: MessageType) -> &str {
        let code = message_type.code();
        let custom = self.names.iter().find(|(known, _)| *known == code);
        custom.map_or(message_type.name(), |(_, name)| name)
    }

    /// Returns whether a type is named an error: its messages get no AUTH_ERROR, so that two nodes
    /// can't answer each other's errors for ever.
    #[must_use]
    pub fn is_error(&self, message_type: MessageType) -> bool {
        match message_type {
            MessageType::Custom(_) => self.name(message_type).to_uppercase().contains("ERROR"),
            base => base.is_error(),
        }
    }
}

/// Why custom message types can't be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeSetError {
    /// A name is one of the protocol's.
    #[error("{0} is a message type of the protocol: choose another name")]
    BaseName(String),
    /// A number is reserved or too large.
    #[error("{name} can't be {number}: custom message types are 31 to 255")]
    Number {
        /// The name.
        name: String,
        /// Its number.
        number: i64,
    },
    /// A name or number is there already.
    #[error("the name {name} or the number {number} is taken by another custom type")]
    Twice {
        /// The name.
        name: String,
        /// Its number.
        number: i64,
    },
    /// One of the protocol's types is missing or has another number.
    #[error("{} must be there with the number {}", .0.name(), .0.code())]
    BaseType(MessageType),
}
