use bytes::Bytes;

/// What an auth plugin's check proves of a message, beyond that it may pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    signer: Option<Bytes>,
}

impl Proof {
    /// Makes the proof of a plugin that can't tell who of its holders signed, as with a shared
    /// secret.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { signer: None }
    }

    /// Makes the proof that one signer made the message, such as the holder of a public key.
    #[must_use]
    pub fn by(signer: impl Into<Bytes>) -> Self {
        Self { signer: Some(signer.into()) }
    }

    /// Returns who signed, in the plugin's terms, if it can tell.
    #[must_use]
    pub fn signer(&self) -> Option<&[u8]> {
        self.signer.as_deref()
    }

    pub(crate) fn into_signer(self) -> Option<Bytes> {
        self.signer
    }

    /// Joins the proofs of two plugins in one slot: the first signer that is known.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { signer: self.signer.or(other.signer) }
    }
}

/// What tells one protected message from all others, so that a repetition is known.
///
/// A plugin gives it with [`AuthPlugin::fingerprint`](super::AuthPlugin::fingerprint) or
/// [`CipherPlugin::fingerprint`](super::CipherPlugin::fingerprint); what is done about repetitions
/// is up to the endpoint's [`ReplayPolicy`](crate::ReplayPolicy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    pub(crate) key: [u8; Self::LENGTH],
    pub(crate) time: Option<u32>,
    pub(crate) once: bool,
}

impl Fingerprint {
    /// The number of bytes that count.
    pub const LENGTH: usize = 16;

    /// Makes one from bytes that only this message has and no stranger can choose: a MAC, or a
    /// random nonce that the cipher authenticates. Of more than 16 the first count.
    ///
    /// It is `None` for fewer than 16 bytes.
    #[must_use]
    pub fn new(unique: &[u8]) -> Option<Self> {
        let key = *unique.first_chunk()?;
        Some(Self { key, time: None, once: false })
    }

    /// Adds when the message was made, in Unix seconds: too old or too early ones are refused, so
    /// that older repetitions need not be remembered.
    #[must_use]
    pub fn at(mut self, time: u32) -> Self {
        self.time = Some(time);
        self
    }

    /// Has repetitions refused whatever the message's type and the endpoint's policy, as for a
    /// proof of work, which pays for one message.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}
