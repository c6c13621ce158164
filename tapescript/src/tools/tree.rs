//! Merklized scripts: many scripts behind one lock, which shows only the one that is used.

use crate::crypto;
use crate::environment::Environment;
use crate::error::Error;
use crate::op::Op;
use crate::script::Script;

/// What marks a leaf and a node in a packed tree.
const LEAF: u8 = b'L';
const NODE: u8 = b'N';

/// A binary tree of scripts, whose lock opens for each of them and what that script asks for.
///
/// The lock has 33 bytes, however many scripts there are. A witness has 36 bytes and the script, and 69 bytes more for
/// each level between.
///
/// ```
/// use tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
///
/// let seeds = [[1; 32], [2; 32], [3; 32]];
/// let scripts =
///     seeds.map(|seed| tools::single_sig_lock(&crypto::public_key(&seed), SigFlags::NONE));
/// let tree = tools::ScriptTree::prioritized(scripts)?;
///
/// let fields = Fields::new().with::<1>("what is signed");
/// let opens = |seed, index| {
///     let script = tree.witness(index).expect("there are three");
///     let witness = tools::single_sig_witness(seed, &fields, SigFlags::NONE)? + script;
///     let cache = Cache::from(&fields);
///     Ok::<_, tapescript::Error>(Machine::new().unlocks(&[witness, tree.lock()], cache))
/// };
/// assert!(opens(&seeds[0], 0)?);
/// assert!(opens(&seeds[2], 2)?);
/// assert!(!opens(&seeds[2], 1)?);
/// # Ok::<(), tapescript::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptTree {
    content: Content,
    commitment: [u8; 32],
    height: usize,
    leaves: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Leaf(Script),
    Node { root: [u8; 32], children: Box<[ScriptTree; 2]> },
}

impl ScriptTree {
    /// How many levels a tree has below its root. A leaf further down could not be used: each level is an EVAL, and by
    /// default the machine nests 128.
    pub const MAX_HEIGHT: usize = 128;

    /// A tree of one script.
    ///
    /// # Errors
    ///
    /// If the script is empty or has more than 65,535 bytes. The machine's stack takes 1,024 by default.
    pub fn leaf(script: Script) -> Result<Self, Error> {
        match script.as_bytes().len() {
            1..=65_535 => Ok(Self::leaf_unchecked(script)),
            length => Err(Error::value(format!("a leaf has 1 to 65,535 bytes, not {length}"))),
        }
    }

    /// [`leaf`](Self::leaf) of a script that is known to fit.
    fn leaf_unchecked(script: Script) -> Self {
        Self {
            commitment: script.commitment(),
            content: Content::Leaf(script),
            height: 0,
            leaves: 1,
        }
    }

    /// A tree of two trees.
    ///
    /// # Errors
    ///
    /// If both are the same: their hashes would cancel out, and **the lock would open for everybody, with any script**.
    /// If the tree would be higher than [`MAX_HEIGHT`](Self::MAX_HEIGHT).
    pub fn node(left: Self, right: Self) -> Result<Self, Error> {
        if left.commitment == right.commitment {
            return Err(Error::value(
                "both halves of a tree are the same, which would open it for everybody",
            ));
        }
        let height = left.height.max(right.height) + 1;
        if height > Self::MAX_HEIGHT {
            return Err(Error::value(format!("a tree has at most {} levels", Self::MAX_HEIGHT)));
        }
        let mut root = crypto::sha256(&left.commitment);
        for (byte, other) in root.iter_mut().zip(crypto::sha256(&right.commitment)) {
            *byte ^= other;
        }
        Ok(Self {
            commitment: node_lock(&root).commitment(),
            height,
            leaves: left.leaves + right.leaves,
            content: Content::Node { root, children: Box::new([left, right]) },
        })
    }

    /// A tree in which the first scripts have the shortest witnesses, and the last two the longest.
    ///
    /// To put scripts before a tree that is there, make [`node`](Self::node)s of each and the tree, from the last on.
    /// A single script gets the script `false` beside it.
    ///
    /// # Errors
    ///
    /// If there is no script or there are more than 129; or as [`leaf`](Self::leaf) and [`node`](Self::node) say.
    pub fn prioritized(scripts: impl IntoIterator<Item = Script>) -> Result<Self, Error> {
        // One more than fit is enough to say that it is too many.
        let scripts = scripts.into_iter().take(Self::MAX_HEIGHT + 2);
        let mut leaves = scripts.map(Self::leaf).collect::<Result<Vec<_>, _>>()?;
        let last = leaves.pop().ok_or_else(no_script)?;
        if leaves.is_empty() {
            let filler = Self::leaf_unchecked(Script::default().op(Op::False));
            return Self::node(last, filler);
        }
        leaves.into_iter().rev().try_fold(last, |tree, leaf| Self::node(leaf, tree))
    }

    /// A tree in which all witnesses are about as long.
    ///
    /// The number of leaves is filled up with scripts that hold random bytes and open nothing; they are the last.
    ///
    /// # Errors
    ///
    /// If there is no script; or as [`leaf`](Self::leaf) and [`node`](Self::node) say, neighbours being the same.
    pub fn balanced(
        scripts: impl IntoIterator<Item = Script>,
        random: &dyn Environment,
    ) -> Result<Self, Error> {
        let filler = || {
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            Self::leaf_unchecked(Script::default().push_array(&bytes).op(Op::Return))
        };
        let mut level = scripts.into_iter().map(Self::leaf).collect::<Result<Vec<_>, _>>()?;
        if level.len() % 2 == 1 {
            level.push(filler());
        }
        while level.len() > 1 {
            if level.len() % 2 == 1 {
                level.push(Self::node(filler(), filler())?);
            }
            level = pairs(level)
                .map(|(left, right)| Self::node(left, right))
                .collect::<Result<_, _>>()?;
        }
        level.pop().ok_or_else(no_script)
    }

    /// The lock; that of a single leaf is its script.
    #[must_use]
    pub fn lock(&self) -> Script {
        match &self.content {
            Content::Leaf(script) => script.clone(),
            Content::Node { root, .. } => node_lock(root),
        }
    }

    /// What a taproot lock may commit to: the [commitment](Script::commitment) of the lock.
    #[must_use]
    pub const fn commitment(&self) -> [u8; 32] {
        self.commitment
    }

    /// How many scripts there are, with what the tree was filled up with.
    #[must_use]
    pub const fn leaves(&self) -> usize {
        self.leaves
    }

    /// What opens the lock together with what a script asks for before it, by the script's number from the left.
    #[must_use]
    pub fn witness(&self, index: usize) -> Option<Script> {
        if index >= self.leaves {
            return None;
        }
        let (mut tree, mut index) = (self, index);
        let mut steps = Vec::with_capacity(self.height);
        while let Content::Node { children, .. } = &tree.content {
            let [left, right] = &**children;
            let (next, other) = if index < left.leaves {
                (left, right)
            } else {
                index -= left.leaves;
                (right, left)
            };
            steps.push(
                Script::default().push_array(&other.commitment).push_sized(next.lock().as_bytes()),
            );
            tree = next;
        }
        Some(steps.into_iter().rev().fold(Script::default(), |all, step| all + step))
    }

    /// All [`witness`](Self::witness)es.
    pub fn witnesses(&self) -> impl Iterator<Item = Script> {
        (0..self.leaves).filter_map(|index| self.witness(index))
    }

    /// Packs the tree with all its scripts, for those who shall be able to open it.
    ///
    /// # Errors
    ///
    /// If the tree is a single leaf, or one of its halves takes more than 65,535 bytes.
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        match &self.content {
            Content::Leaf(_) => {
                Err(Error::value("a single leaf can't be packed: make a node of it"))
            }
            Content::Node { children, .. } => {
                let mut packed = Vec::new();
                for child in &**children {
                    child.pack_into(&mut packed)?;
                }
                Ok(packed)
            }
        }
    }

    fn pack_into(&self, packed: &mut Vec<u8>) -> Result<(), Error> {
        let kind = if self.height == 0 { LEAF } else { NODE };
        packed.extend_from_slice(&[kind, 0, 0]);
        let begin = packed.len();
        match &self.content {
            Content::Leaf(script) => packed.extend_from_slice(script.as_bytes()),
            Content::Node { children, .. } => {
                for child in &**children {
                    child.pack_into(packed)?;
                }
            }
        }
        let length = u16::try_from(packed.len() - begin)
            .map_err(|_| Error::value("half a tree takes more than 65,535 bytes"))?;
        packed[begin - 2..begin].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// Reads what [`pack`](Self::pack) wrote.
    ///
    /// ```
    /// use tapescript::{Cache, Machine, System, tools};
    ///
    /// let scripts = [1_600_000_000, 1_700_000_000, 1_800_000_000]
    ///     .map(|time| tools::timestamp_after_lock(time, tools::Ending::Put));
    /// let tree = tools::ScriptTree::balanced(scripts, &System)?;
    /// let received = tools::ScriptTree::unpack(&tree.pack()?)?;
    ///
    /// let opens = |index| {
    ///     let witness = received.witness(index).expect("a leaf");
    ///     let cache = Cache::new().with("timestamp", 1_700_000_000);
    ///     Machine::new().unlocks(&[witness, tree.lock()], cache)
    /// };
    /// assert!(opens(1));
    /// assert!(!opens(2));
    /// # Ok::<(), tapescript::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is cut, goes on behind its end, has an empty leaf, a node with two same halves, or too many levels.
    pub fn unpack(packed: &[u8]) -> Result<Self, Error> {
        Self::unpack_node(packed, Self::MAX_HEIGHT)
    }

    fn unpack_node(packed: &[u8], levels: usize) -> Result<Self, Error> {
        let levels = levels.checked_sub(1).ok_or_else(malformed)?;
        let (left, rest) = Self::unpack_child(packed, levels)?;
        let (right, rest) = Self::unpack_child(rest, levels)?;
        if rest.is_empty() { Self::node(left, right) } else { Err(malformed()) }
    }

    fn unpack_child(packed: &[u8], levels: usize) -> Result<(Self, &[u8]), Error> {
        let (&[kind, high, low], rest) = packed.split_first_chunk().ok_or_else(malformed)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (data, rest) = rest.split_at_checked(length).ok_or_else(malformed)?;
        let child = match kind {
            LEAF => Self::leaf(Script::new(data.to_vec()))?,
            NODE => Self::unpack_node(data, levels)?,
            _ => return Err(malformed()),
        };
        Ok((child, rest))
    }
}

fn node_lock(root: &[u8; 32]) -> Script {
    let script = Script::default().op(Op::Merkleval);
    root.iter().fold(script, |script, byte| script.byte(*byte))
}

fn pairs<T>(items: Vec<T>) -> impl Iterator<Item = (T, T)> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || Some((items.next()?, items.next()?)))
}

#[cold]
fn no_script() -> Error {
    Error::value("a tree needs at least one script")
}

#[cold]
fn malformed() -> Error {
    Error::value("a packed tree is cut or malformed, or has too many levels")
}
