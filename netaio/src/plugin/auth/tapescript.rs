use std::{fmt, sync::Arc};

use ::tapescript::{Cache, ErrorKind, Fields, Limits, Machine, Script, SigFlags, crypto, tools};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    AuthError, AuthFailure, AuthPlugin,
    shared::{NONCE_LENGTH, TS_LENGTH, fixed, number, time},
};
use crate::{
    plugin::{Fingerprint, PeerView, PluginContext, Proof},
    wire::{AuthFields, AuthLimits, Body},
};

/// The entry of a peer's data that has its lock.
const PEER_LOCK: &str = "lock";

type MakeWitness =
    dyn Fn(&[u8; 32], &Fields) -> Result<Script, ::tapescript::Error> + Send + Sync + 'static;
type Vet = dyn Fn(PeerView<'_>, &[u8]) -> bool + Send + Sync + 'static;

/// Locks and witnesses in the [tapescript language](::tapescript): each message brings a witness,
/// and passes if that opens the lock.
///
/// | field | default name | bytes |
/// |---|---|---|
/// | nonce | `nonce` | 16 random ones, shared between layers |
/// | time | `ts` | 4, Unix seconds, big-endian, shared between layers |
/// | witness | `witness` | a script |
///
/// A signature covers the body, sealed if a cipher of the same or a further inner layer seals it,
/// the nonce and the time: `sigfield1` to `sigfield3`. It covers neither the message type nor the
/// other fields, as in the original. A lock that asks for no signature, such as one of a hash, says
/// who may send, and **protects no body**.
///
/// Body, nonce and time have at most [`MAX_MESSAGE`](Self::MAX_MESSAGE) bytes together, so uri and
/// content at most 1,002: longer messages can be neither signed nor checked.
///
/// # Differences from the original
///
/// Only what strangers could misuse is refused; messages that either side makes pass on the other.
///
/// | the original | here | to have it back |
/// |---|---|---|
/// | A nonce may have any length, so bytes can move between it and the body. | 16 bytes | none |
/// | Fields may be lists and other types, or end the check by an exception. | Bytes, and for the time an integer as well; all else fails the check. | none |
/// | A peer's data says its lock, also an empty one. | The application is asked, and an empty lock opens nothing. | [`peer_locks`](Self::peer_locks)`(\|_, _\| true)` |
/// | Captured messages pass again, of whatever age. | As with other plugins: [`ReplayPolicy`](crate::ReplayPolicy) | [`ReplayMode::Off`](crate::ReplayMode::Off) |
/// | Scripts run as long as they like. | A budget of [`BUDGET`](Self::BUDGET) units, and a bounded cache. | [`machine`](Self::machine) |
/// | A witness that ends by RETURN ends the first block of the lock, too. | It ends itself. | a [`machine`](Self::machine) [with the marker](Machine::with_marker_across_scripts) |
///
/// # Examples
///
/// One key for all, as the original's plugin does by default:
///
/// ```
/// use netaio::plugin::TapescriptAuth;
/// use netaio::tapescript::{SigFlags, crypto, tools};
///
/// let seed = [7; 32];
/// let lock = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
/// let auth = TapescriptAuth::new(&seed, lock);
/// ```
///
/// Any of several keys:
///
/// ```
/// # use netaio::plugin::TapescriptAuth;
/// # use netaio::tapescript::{SigFlags, crypto, tools};
/// # let (our_seed, their_key) = ([7; 32], crypto::public_key(&[8; 32]));
/// let keys = [crypto::public_key(&our_seed), their_key];
/// let auth = TapescriptAuth::new(&our_seed, tools::multisig_lock(&keys, 1, SigFlags::NONE)?);
/// # Ok::<(), netaio::tapescript::Error>(())
/// ```
///
/// A taproot lock, for which the witness is another:
///
/// ```
/// # use netaio::plugin::TapescriptAuth;
/// # use netaio::tapescript::{SigFlags, crypto, tools};
/// # let (seed, admin_key) = ([7; 32], crypto::public_key(&[8; 32]));
/// let committed = tools::single_sig_lock(&admin_key, SigFlags::NONE).commitment();
/// let lock = tools::taproot_lock(&crypto::public_key(&seed), &committed, SigFlags::NONE)?;
/// let auth = TapescriptAuth::new(&seed, lock).witness(move |seed, fields| {
///     tools::taproot_key_witness(seed, fields, &committed, SigFlags::NONE)
/// });
/// # Ok::<(), netaio::tapescript::Error>(())
/// ```
#[doc(alias = "TapescriptAuthPlugin")]
#[derive(Clone)]
pub struct TapescriptAuth {
    seed: Zeroizing<[u8; 32]>,
    lock: Bytes,
    make_witness: Arc<MakeWitness>,
    machine: Machine,
    vet: Option<Arc<Vet>>,
    witness_field: String,
    nonce_field: String,
    ts_field: String,
}

impl TapescriptAuth {
    /// The most bytes that body, nonce and time have together: what the machine's stack takes.
    pub const MAX_MESSAGE: usize = 1024;

    /// The units of work that a check may take, unless a [`machine`](Self::machine) is given.
    pub const BUDGET: u64 = 200_000;

    /// Makes a plugin that signs with the key of a seed, and checks with a lock.
    #[must_use]
    pub fn new(seed: &[u8; 32], lock: Script) -> Self {
        let mut limits = Limits::default();
        limits.budget = Self::BUDGET;
        Self {
            seed: Zeroizing::new(*seed),
            lock: lock.into_bytes().into(),
            make_witness: Arc::new(|seed, fields| {
                tools::single_sig_witness(seed, fields, SigFlags::NONE)
            }),
            machine: Machine::new().with_limits(limits),
            vet: None,
            witness_field: "witness".into(),
            nonce_field: "nonce".into(),
            ts_field: "ts".into(),
        }
    }

    /// Sets how a witness is made from the seed and what is to be signed; the default is a
    /// signature, as for a lock of one or of several keys.
    #[must_use]
    #[doc(alias = "witness_func")]
    pub fn witness(
        mut self,
        make: impl Fn(&[u8; 32], &Fields) -> Result<Script, ::tapescript::Error> + Send + Sync + 'static,
    ) -> Self {
        self.make_witness = Arc::new(make);
        self
    }

    /// Sets the machine that runs witness and lock: contracts, plugins of the language, soft forks
    /// and limits. The clock is the endpoint's.
    ///
    /// The default has no additions, and a budget of [`BUDGET`](Self::BUDGET) units. A machine's
    /// own default is five times that: what a stranger's witness may cost, some 20 ms at most then.
    #[must_use]
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Checks peers with the `lock` in the data by which they made themselves known, if `vet`
    /// agrees; others, and those without a lock, with this plugin's own.
    ///
    /// A peer chooses its data, and with it its lock, itself: **without care anybody gets in**. So
    /// `vet` gets the peer and its lock, and must compare them with what is known of that peer. By
    /// default no peer's lock is used.
    ///
    /// ```
    /// # use netaio::plugin::TapescriptAuth;
    /// # use netaio::tapescript::{SigFlags, crypto, tools};
    /// # use std::collections::HashMap;
    /// # let (seed, alice) = ([7; 32], crypto::public_key(&[8; 32]));
    /// # let nobody = tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE);
    /// let known = HashMap::from([(b"alice".to_vec(), tools::single_sig_lock(&alice, SigFlags::NONE))]);
    /// let auth = TapescriptAuth::new(&seed, nobody)
    ///     .peer_locks(move |peer, lock| known.get(peer.id).is_some_and(|own| own.as_bytes() == lock));
    /// ```
    #[must_use]
    #[doc(alias = "use_peer_lock")]
    pub fn peer_locks(
        mut self,
        vet: impl Fn(PeerView<'_>, &[u8]) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.vet = Some(Arc::new(vet));
        self
    }

    /// Sets the name of the field that carries the witness; the default is `witness`.
    #[must_use]
    #[doc(alias = "witness_field")]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.witness_field = name.into();
        self
    }

    /// Sets the name of the field that carries the nonce; the default is `nonce`.
    #[must_use]
    pub fn nonce_field(mut self, name: impl Into<String>) -> Self {
        self.nonce_field = name.into();
        self
    }

    /// Sets the name of the field that carries the time; the default is `ts`.
    #[must_use]
    pub fn ts_field(mut self, name: impl Into<String>) -> Self {
        self.ts_field = name.into();
        self
    }

    /// Returns the key that verifies this plugin's signatures: for others' locks, and as `vkey` in
    /// this node's peer data.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        crypto::public_key(&self.seed)
    }

    /// Returns the lock that a peer is checked with.
    fn lock_of(&self, peer: Option<PeerView<'_>>) -> Result<Bytes, AuthFailure> {
        let (Some(vet), Some(peer)) = (&self.vet, peer) else {
            return Ok(self.lock.clone());
        };
        let Ok(data) = AuthFields::decode(peer.data, &AuthLimits::default()) else {
            return Ok(self.lock.clone());
        };
        let Some(lock) = data.get(PEER_LOCK) else {
            return Ok(self.lock.clone());
        };
        // Nothing at all is opened by whatever is left on the stack.
        match lock.bytes() {
            Some(lock) if !lock.is_empty() => {
                let vetted = vet(peer, lock);
                Ok(if vetted { Bytes::copy_from_slice(lock) } else { self.lock.clone() })
            }
            _ => Err(AuthFailure::Other("the peer's lock is no script".into())),
        }
    }
}

/// What is signed, in the order of the fields.
fn signed(body: &Body, nonce: &[u8], ts: [u8; TS_LENGTH]) -> Fields {
    Fields::new().with::<1>(body.encoded()).with::<2>(nonce).with::<3>(ts)
}

impl AuthPlugin for TapescriptAuth {
    fn name(&self) -> &str {
        "tapescript"
    }

    fn make(
        &self,
        fields: &mut AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<(), AuthError> {
        let nonce = match fields.get(&self.nonce_field) {
            Some(field) => field
                .bytes()
                .ok_or_else(|| AuthError::Field(self.nonce_field.clone(), "bytes"))?
                .to_vec(),
            None => context.random::<NONCE_LENGTH>().to_vec(),
        };
        let length = body.encoded().len() + nonce.len() + TS_LENGTH;
        if length > Self::MAX_MESSAGE {
            return Err(AuthError::TooLarge { length, limit: Self::MAX_MESSAGE });
        }
        let ts = time(fields, &self.ts_field, context)?;
        fields.set(&self.nonce_field, &nonce);
        let witness = (self.make_witness)(&self.seed, &signed(body, &nonce, ts))
            .map_err(|error| AuthError::Other(format!("no witness could be made: {error}")))?;
        fields.set(&self.witness_field, witness.as_bytes());
        Ok(())
    }

    fn check(
        &self,
        fields: &AuthFields,
        body: &Body,
        context: &PluginContext<'_>,
    ) -> Result<Proof, AuthFailure> {
        let malformed = |name: &str| AuthFailure::Malformed(name.into());
        let missing = |name: &str| AuthFailure::Missing(name.into());
        let ts = fields.get(&self.ts_field).ok_or_else(|| missing(&self.ts_field))?;
        let ts = number(ts).filter(|ts| *ts != 0).ok_or_else(|| malformed(&self.ts_field))?;
        // An exact length: what is signed has no separators, so a nonce of another one would let
        // bytes move between it and the body under one signature.
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field)?;
        let witness =
            fields.get(&self.witness_field).ok_or_else(|| missing(&self.witness_field))?;
        let witness = witness.bytes().ok_or_else(|| malformed(&self.witness_field))?;
        let lock = self.lock_of(context.peer())?;
        let cache = Cache::from(&signed(body, nonce, ts.to_be_bytes()));
        let now = i64::try_from(context.unix_time()).unwrap_or(i64::MAX);
        let verdict = self.machine.verdict_at(&[witness, &lock], cache, now);
        if verdict.unlocked {
            return Ok(Proof::by(lock));
        }
        Err(match verdict.error {
            None => AuthFailure::Mismatch,
            Some(error) if error.kind() == ErrorKind::Exhausted => {
                AuthFailure::Exhausted(error.to_string())
            }
            Some(error) => {
                AuthFailure::Other(format!("the witness does not open the lock: {error}"))
            }
        })
    }

    /// What is signed: a witness may be written in many ways without the key.
    fn fingerprint(&self, fields: &AuthFields, body: &Body) -> Option<Fingerprint> {
        if body.encoded().len() > Self::MAX_MESSAGE {
            return None;
        }
        let nonce = fixed::<NONCE_LENGTH>(fields, &self.nonce_field).ok()?;
        let ts = number(fields.get(&self.ts_field)?)?;
        let signed = Sha256::new().chain_update(nonce).chain_update(ts.to_be_bytes());
        Some(Fingerprint::new(&signed.chain_update(body.encoded()).finalize())?.at(ts))
    }

    fn field_names(&self) -> Vec<String> {
        vec![self.witness_field.clone()]
    }

    /// With peers' locks, since only then is the peer looked up.
    fn is_peer_specific(&self) -> bool {
        self.vet.is_some()
    }

    fn error_text(&self) -> &str {
        "tapescript auth failed"
    }
}

impl fmt::Debug for TapescriptAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapescriptAuth")
            .field("lock", &format_args!("{:02x?}", &self.lock[..]))
            .field("machine", &self.machine)
            .field("peer_locks", &self.vet.is_some())
            .field("field", &self.witness_field)
            .finish_non_exhaustive()
    }
}
