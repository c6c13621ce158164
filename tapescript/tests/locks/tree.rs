//! Trees of scripts.

use tapescript::tools::{self, ScriptTree};
use tapescript::{Environment, Error, Op, Script, System};

use crate::{ALICE, BOB, EVE, NONE, key, open_to_all, opens, signed_by};

/// A script that is true and another one for each number.
pub(crate) fn leaf(number: u16) -> Script {
    let [high, low] = number.to_be_bytes();
    let push = [Op::Push1.code(), 2, high, low, Op::Pop0.code(), Op::True.code()];
    Script::new(push.to_vec())
}

#[test]
fn a_tree_opens_for_its_own_leaves() -> Result<(), Error> {
    for count in [1, 2, 3, 5, 9, 64] {
        let trees = [
            ScriptTree::prioritized((0..count).map(leaf))?,
            ScriptTree::balanced((0..count).map(leaf), &System)?,
        ];
        for tree in trees {
            for number in 0..count {
                let witness = tree.witness(number.into()).expect("a leaf");
                assert!(opens(&witness, &tree.lock()), "{number} of {count}");
            }
            // What it was filled up with opens nothing.
            for filler in tree.witnesses().skip(count.into()) {
                assert!(!opens(&filler, &tree.lock()));
                assert!(!opens(&(open_to_all() + filler), &tree.lock()));
            }
            assert!(tree.witness(tree.leaves()).is_none());
            let other = ScriptTree::prioritized((100..103).map(leaf))?;
            for stranger in other.witnesses() {
                assert!(!opens(&stranger, &tree.lock()));
            }
        }
    }
    Ok(())
}

#[test]
fn a_balanced_tree_is_filled_up_as_in_the_reference() -> Result<(), Error> {
    let lengths = |count| {
        let tree = ScriptTree::balanced((0..count).map(leaf), &System)?;
        // A sibling with the own script, and 69 bytes for each level between.
        let level = |witness: Script| witness.as_bytes().len() / 69;
        Ok::<_, Error>(tree.witnesses().map(level).collect::<Vec<_>>())
    };
    assert_eq!(lengths(1)?, [0; 2]);
    assert_eq!(lengths(3)?, [1; 4]);
    assert_eq!(lengths(5)?, [2; 8]);
    assert_eq!(lengths(9)?, [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2]);
    Ok(())
}

#[test]
fn a_taproot_lock_can_hold_a_tree() -> Result<(), Error> {
    let tree = ScriptTree::prioritized(
        [&ALICE, &BOB].map(|seed| tools::single_sig_lock(&key(seed), NONE)),
    )?;
    let lock = tools::taproot_lock(&key(&EVE), &tree.commitment(), NONE)?;
    let by_leaf = |seed, index| {
        let leaf = tree.witness(index).expect("a leaf");
        Ok::<_, Error>(
            signed_by(seed) + leaf + tools::taproot_script_witness(&key(&EVE), &tree.lock())?,
        )
    };
    assert!(opens(&by_leaf(&ALICE, 0)?, &lock));
    assert!(opens(&by_leaf(&BOB, 1)?, &lock));
    assert!(!opens(&by_leaf(&BOB, 0)?, &lock));
    Ok(())
}

#[test]
fn a_node_of_two_same_halves_would_open_for_everybody() -> Result<(), Error> {
    // Its root is zero; with any script as its own sibling it is met.
    let lock = Script::new([&[Op::Merkleval.code()][..], &[0; 32]].concat());
    let mirrored = ScriptTree::leaf(open_to_all())?;
    let mut witness = vec![Op::Push1.code(), 32];
    witness.extend(mirrored.commitment());
    witness.extend([Op::Push0.code(), Op::True.code()]);
    assert!(opens(&Script::new(witness), &lock));

    let secret = tools::single_sig_lock(&key(&ALICE), NONE);
    let half = || ScriptTree::leaf(secret.clone());
    assert!(ScriptTree::node(half()?, half()?).is_err());
    assert!(ScriptTree::prioritized([secret.clone(), secret.clone()]).is_err());
    assert!(ScriptTree::balanced([leaf(0), leaf(1), secret.clone(), secret], &System).is_err());
    // The filler of a single script.
    assert!(ScriptTree::prioritized([Script::new(vec![Op::False.code()])]).is_err());
    // A packed tree of a stranger.
    assert!(ScriptTree::unpack(b"L\0\x01\x01L\0\x01\x01").is_err());

    struct Stuck;
    impl Environment for Stuck {
        fn now(&self) -> i64 {
            0
        }
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(4);
        }
    }
    assert!(ScriptTree::balanced((0..5).map(leaf), &Stuck).is_err());
    Ok(())
}

#[test]
fn trees_are_as_high_as_the_machine_nests() -> Result<(), Error> {
    let tree = ScriptTree::prioritized((0..129).map(leaf))?;
    assert!(opens(&tree.witness(128).expect("the last leaf"), &tree.lock()));
    assert_eq!(ScriptTree::unpack(&tree.pack()?)?, tree);
    assert!(ScriptTree::node(ScriptTree::leaf(leaf(200))?, tree).is_err());
    assert!(ScriptTree::prioritized((0..130).map(leaf)).is_err());
    assert!(ScriptTree::prioritized((0..).map(leaf)).is_err());
    assert!(ScriptTree::prioritized([]).is_err());
    assert!(ScriptTree::balanced([], &System).is_err());
    assert!(ScriptTree::prioritized([Script::default()]).is_err());
    assert!(ScriptTree::leaf(Script::new(vec![0; 65_536])).is_err());
    assert!(ScriptTree::leaf(leaf(0))?.pack().is_err());
    let long = ScriptTree::leaf(Script::new(vec![0; 65_535]))?;
    let halves = ScriptTree::node(long, ScriptTree::leaf(leaf(0))?)?;
    assert_eq!(ScriptTree::unpack(&halves.pack()?)?, halves);
    assert!(ScriptTree::node(halves, ScriptTree::leaf(leaf(1))?)?.pack().is_err());

    // Nodes in nodes, as deep as the lengths allow.
    let mut packed = b"L\0\x01\x01L\0\x01\x02".to_vec();
    while let Ok(length) = u16::try_from(packed.len()) {
        packed = [b"L\0\x01\x03N", &length.to_be_bytes()[..], &packed].concat();
    }
    assert!(ScriptTree::unpack(&packed).is_err());
    Ok(())
}

#[test]
fn a_packed_tree_is_read_wholly_or_not() {
    let packed = b"L\0\x01\x01N\0\x08L\0\x01\x02L\0\x01\x03";
    assert!(ScriptTree::unpack(packed).is_ok());
    assert!((0..packed.len()).all(|length| ScriptTree::unpack(&packed[..length]).is_err()));
    assert!(ScriptTree::unpack(&[&packed[..], b"\0"].concat()).is_err());
    assert!(ScriptTree::unpack(b"X\0\x01\x01L\0\x01\x02").is_err());
    assert!(ScriptTree::unpack(b"L\0\0L\0\x01\x02").is_err());
}
