//! What a signature covers, as tools and hosts give it.

use crate::cache::Cache;
use crate::error::Error;
use crate::ops::SIGFIELDS;
use crate::stack::Stack;

/// The up to eight fields that a signature covers, `sigfield1` to `sigfield8`.
///
/// A signature is over the fields in a row, **without lengths**: bytes at the end of one could be moved to the begin of
/// the next. Where that matters, let all but one of them have a fixed size, and check it.
///
/// ```
/// use tapescript::Fields;
///
/// let fields = Fields::new().with::<1>("a message").with::<2>([7; 16]);
/// assert_eq!(fields.get(2), Some(&[7; 16][..]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields([Option<Vec<u8>>; 8]);

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields with one more, by its number from 1 to 8.
    #[must_use]
    pub fn with<const NUMBER: usize>(mut self, field: impl AsRef<[u8]>) -> Self {
        const { assert!(NUMBER >= 1 && NUMBER <= 8, "sigfields have the numbers 1 to 8") };
        self.0[NUMBER - 1] = Some(field.as_ref().to_vec());
        self
    }

    /// A field by its number from 1 to 8.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        self.0.get(number.wrapping_sub(1))?.as_deref()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// What a signature with these flags covers.
    ///
    /// # Errors
    ///
    /// If it is longer than the 1,024 bytes that the machine's stack takes.
    pub fn message(&self, flags: SigFlags) -> Result<Vec<u8>, Error> {
        let covered = || self.0.iter().enumerate().filter(|(bit, _)| flags.0 >> bit & 1 == 0);
        let fields = covered().filter_map(|(_, field)| field.as_deref());
        Stack::default().check_size(fields.clone().map(<[u8]>::len).sum())?;
        Ok(fields.collect::<Vec<_>>().concat())
    }
}

impl From<&Fields> for Cache {
    /// The cache with which a lock is run.
    fn from(fields: &Fields) -> Self {
        let named = SIGFIELDS.into_iter().zip(&fields.0);
        named.fold(Self::new(), |cache, (name, field)| match field {
            Some(field) => cache.with(name, field.as_slice()),
            None => cache,
        })
    }
}

/// Which fields a signature leaves out: bit 0 stands for `sigfield1`, bit 7 for `sigfield8`.
///
/// In a lock it says what a signature may leave out. A signature that leaves out all fields there are fits every
/// message, so let a lock allow that for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SigFlags(pub u8);

impl SigFlags {
    /// All fields are covered.
    pub const NONE: Self = Self(0);
}
