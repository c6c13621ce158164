//! Who can't open the locks of the tools, and what their readers do with hostile bytes.
//!
//! That the right witness opens each lock is shown by the examples in the documentation and by the golden data.

mod delegate;
mod hostile;
mod row;
mod tree;

use tapescript::tools::{self, HashSize, PreimageHash, Terms};
use tapescript::{Cache, Error, Fields, Machine, Op, Script, SigFlags, crypto};

const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];
const EVE: [u8; 32] = [3; 32];
const NOON: u64 = 1_700_000_000;
const NONE: SigFlags = SigFlags::NONE;

fn key(seed: &[u8; 32]) -> [u8; 32] {
    crypto::public_key(seed)
}

fn fields() -> Fields {
    Fields::new().with::<1>("what is signed").with::<2>("a remark")
}

fn opens_at(time: u64, witness: &Script, lock: &Script) -> bool {
    let time = i64::try_from(time).expect("a time of this age");
    Machine::new().unlocks(&[witness, lock], Cache::from(&fields()).with("timestamp", time))
}

fn opens(witness: &Script, lock: &Script) -> bool {
    opens_at(NOON, witness, lock)
}

/// A script that anybody opens.
fn open_to_all() -> Script {
    Script::new(vec![Op::True.code()])
}

fn signed_by(seed: &[u8; 32]) -> Script {
    tools::single_sig_witness(seed, &fields(), NONE).expect("short fields")
}

/// A witness of another key, of other fields, with a flag that the lock does not allow, and none.
fn refused(
    lock: &Script,
    witness: impl Fn(&[u8; 32], &Fields, SigFlags) -> Result<Script, Error>,
) -> Result<(), Error> {
    assert!(opens(&witness(&ALICE, &fields(), NONE)?, lock));
    let other = fields().with::<2>("another remark");
    for bad in [
        witness(&EVE, &fields(), NONE)?,
        witness(&ALICE, &other, NONE)?,
        witness(&ALICE, &fields(), SigFlags(0b10))?,
        Script::default(),
        open_to_all(),
    ] {
        assert!(!opens(&bad, lock), "{bad:?}");
    }
    Ok(())
}

#[test]
fn locks_of_a_key_want_its_signature_of_all_fields() -> Result<(), Error> {
    let alice = key(&ALICE);
    let committed = tools::single_sig_lock(&key(&BOB), NONE).commitment();
    refused(&tools::single_sig_lock(&alice, NONE), tools::single_sig_witness)?;
    refused(&tools::single_sig_lock2(&alice, NONE), tools::single_sig_witness2)?;
    refused(&tools::multisig_lock(&[alice], 1, NONE)?, |seed, fields, flags| {
        tools::multisig_witness(&[seed], fields, flags)
    })?;
    refused(&tools::graftroot_lock(&alice, NONE), tools::graftroot_key_witness)?;
    refused(&tools::graftap_lock(&alice, NONE)?, tools::graftap_key_witness)?;
    for lock in [tools::taproot_lock, tools::nonnative_taproot_lock] {
        refused(&lock(&alice, &committed, NONE)?, |seed, fields, flags| {
            tools::taproot_key_witness(seed, fields, &committed, flags)
        })?;
    }
    Ok(())
}

#[test]
fn locks_of_contracts_want_the_receivers_signature_of_all_fields() -> Result<(), Error> {
    let terms = Terms { receiver: key(&ALICE), refund: key(&BOB), refund_from: NOON + 1 };
    let hash = PreimageHash::sha256(&[9; 32])?;
    refused(&tools::htlc_lock(&terms, &hash, NONE), |seed, fields, flags| {
        tools::htlc_witness(seed, &[9; 32], fields, flags)
    })?;
    refused(&tools::htlc2_lock(&terms, &hash, NONE), |seed, fields, flags| {
        tools::htlc2_witness(seed, &[9; 32], fields, flags)
    })?;
    refused(&tools::ptlc_lock(&terms, NONE), tools::ptlc_witness)?;
    let point = crypto::derive_point_from_scalar(&[9; 32])?;
    refused(&tools::ptlc_tweaked_lock(&terms, &point, NONE)?, |seed, fields, flags| {
        tools::ptlc_tweaked_witness(seed, fields, &[9; 32], flags)
    })
}

#[test]
fn locks_of_adapters_want_the_keys_adapter() -> Result<(), Error> {
    let point = crypto::derive_point_from_scalar(&[9; 32])?;
    let locks = tools::adapter_locks(&key(&ALICE), &point, NONE);
    let adapter = |seed: &_, fields: &_, flags| tools::adapter_witness(seed, &point, fields, flags);
    refused(&locks.check, adapter)?;
    refused(&locks.signature, |seed, fields, flags| {
        let signature = tools::decrypt_adapter(&adapter(seed, fields, flags)?, &[9; 32])?;
        Ok(tools::adapter_signature_witness(&signature, flags))
    })?;
    let lock = tools::adapter_lock(&key(&ALICE), &point, NONE);
    refused(&lock, |seed, fields, flags| {
        Ok(tools::adapter_tweak_witness(&[9; 32]) + adapter(seed, fields, flags)?)
    })?;
    let wrong = tools::adapter_tweak_witness(&[8; 32]) + adapter(&ALICE, &fields(), NONE)?;
    assert!(!opens(&wrong, &lock));
    assert!(adapter(&ALICE, &Fields::new(), NONE).is_err());
    Ok(())
}

#[test]
fn what_is_not_claimed_goes_back_in_time_and_not_before() -> Result<(), Error> {
    let terms = Terms { receiver: key(&ALICE), refund: key(&BOB), refund_from: NOON };
    let hash = PreimageHash::shake256(&[9; 32], HashSize::KEY)?;
    let point = crypto::derive_point_from_scalar(&[9; 32])?;
    let htlc = tools::htlc_lock(&terms, &hash, NONE);
    let htlc2 = tools::htlc2_lock(&terms, &hash, NONE);
    let (ptlc, tweaked) =
        (tools::ptlc_lock(&terms, NONE), tools::ptlc_tweaked_lock(&terms, &point, NONE)?);
    type Refund = fn(&[u8; 32], &Fields, SigFlags) -> Result<Script, Error>;
    let refunds: [(Refund, _); 4] = [
        (tools::htlc_refund_witness, htlc),
        (tools::htlc2_refund_witness, htlc2),
        (tools::ptlc_refund_witness, ptlc),
        (tools::ptlc_refund_witness, tweaked),
    ];
    for (refund, lock) in refunds {
        assert!(opens_at(NOON, &refund(&BOB, &fields(), NONE)?, &lock));
        assert!(!opens_at(NOON - 1, &refund(&BOB, &fields(), NONE)?, &lock));
        assert!(!opens_at(1 << 40, &refund(&BOB, &fields(), NONE)?, &lock), "ahead of the clock");
        assert!(!opens_at(NOON, &refund(&ALICE, &fields(), NONE)?, &lock));
        assert!(!opens_at(NOON, &refund(&EVE, &fields(), NONE)?, &lock));
    }
    Ok(())
}

#[test]
fn only_the_committed_script_is_run() -> Result<(), Error> {
    let committed = tools::single_sig_lock(&key(&ALICE), NONE);
    let other = tools::single_sig_lock(&key(&EVE), NONE);
    let (alice, bob) = (signed_by(&ALICE), signed_by(&EVE));

    let lock = tools::scripthash_lock(&committed, HashSize::new(16)?);
    assert!(opens(&(alice.clone() + tools::scripthash_witness(&committed)?), &lock));
    assert!(!opens(&(bob.clone() + tools::scripthash_witness(&other)?), &lock));

    let lock = tools::taproot_lock(&key(&BOB), &committed.commitment(), NONE)?;
    assert!(opens(
        &(alice.clone() + tools::taproot_script_witness(&key(&BOB), &committed)?),
        &lock
    ));
    assert!(!opens(&(bob.clone() + tools::taproot_script_witness(&key(&BOB), &other)?), &lock));
    assert!(!opens(&(bob.clone() + tools::taproot_script_witness(&key(&EVE), &other)?), &lock));

    for (lock, surrogate) in [
        (
            tools::graftroot_lock(&key(&BOB), NONE),
            tools::graftroot_surrogate_witness as fn(&_, &_) -> _,
        ),
        (tools::graftap_lock(&key(&BOB), NONE)?, tools::graftap_surrogate_witness),
    ] {
        assert!(opens(&(alice.clone() + surrogate(&BOB, &committed)?), &lock));
        assert!(!opens(&(bob.clone() + surrogate(&BOB, &committed)?), &lock));
        assert!(!opens(&(bob.clone() + surrogate(&EVE, &other)?), &lock));
        assert!(surrogate(&BOB, &Script::default()).is_err());
    }
    Ok(())
}
