//! Certificates.

use tapescript::tools::{self, Certificate, Rights};
use tapescript::{Error, crypto};

use crate::{ALICE, BOB, EVE, NONE, fields, key, opens, refused, signed_by};

#[test]
fn locks_of_delegation_want_a_valid_certificate_of_the_key() -> Result<(), Error> {
    let validity = 1_700_000_000..1_700_000_060;
    let of =
        |issuer, seed: &_| Certificate::issue(issuer, &key(seed), validity.clone(), Rights::Sign);
    let certificate = of(&BOB, &ALICE)?;
    let lock = tools::delegate_key_lock(&key(&BOB), NONE);
    refused(&lock, |seed, fields, flags| {
        tools::delegate_key_witness(seed, &certificate, fields, flags)
    })?;
    let chain_lock = tools::delegate_key_chain_lock(&key(&BOB), NONE);
    refused(&chain_lock, |seed, fields, flags| {
        tools::delegate_key_chain_witness(seed, &[certificate], fields, flags)
    })?;

    // A certificate that somebody wrote for himself, and one that was changed.
    let mut later = *certificate.as_bytes();
    later[39] += 60;
    for bad in [of(&EVE, &ALICE)?, Certificate::from_bytes(&later)?] {
        assert!(!bad.is_issued_by(&key(&BOB)));
        let witness = tools::delegate_key_witness(&ALICE, &bad, &fields(), NONE)?;
        assert!(!opens(&witness, &lock));
        let witness = tools::delegate_key_chain_witness(&ALICE, &[bad], &fields(), NONE)?;
        assert!(!opens(&witness, &chain_lock));
    }
    // The key itself has no certificate.
    assert!(!opens(&signed_by(&BOB), &lock));
    assert!(!opens(&signed_by(&BOB), &chain_lock));
    Ok(())
}

#[test]
fn a_chain_of_certificates_is_as_strong_as_each() -> Result<(), Error> {
    let lock = tools::delegate_key_chain_lock(&key(&BOB), NONE);
    let chain = |rights, time, last_issuer| {
        let first =
            Certificate::issue(&ALICE, &key(&EVE), 1_600_000_000..1_800_000_000, Rights::Sign)?;
        let last = Certificate::issue(last_issuer, &key(&ALICE), time, rights)?;
        tools::delegate_key_chain_witness(&EVE, &[first, last], &fields(), NONE)
    };
    let now = || 1_700_000_000..1_700_000_001;
    assert!(opens(&chain(Rights::SignAndDelegate, now(), &BOB)?, &lock));
    assert!(!opens(&chain(Rights::Sign, now(), &BOB)?, &lock));
    assert!(!opens(&chain(Rights::SignAndDelegate, now(), &ALICE)?, &lock));
    assert!(!opens(&chain(Rights::SignAndDelegate, 1_600_000_000..1_700_000_000, &BOB)?, &lock));
    assert!(!opens(&chain(Rights::SignAndDelegate, 1_700_000_001..1_800_000_000, &BOB)?, &lock));
    // Without the marks between, nothing but the last certificate counts.
    let only = Certificate::issue(&BOB, &key(&ALICE), now(), Rights::SignAndDelegate)?;
    let witness = tools::delegate_key_chain_witness(&EVE, &[only], &fields(), NONE)?;
    assert!(!opens(&witness, &lock));
    Ok(())
}

#[test]
fn rights_are_read_as_the_lock_reads_them() -> Result<(), Error> {
    // Another byte than the tools write: for the reference it is no leave to delegate.
    let mut bytes = [0; Certificate::LENGTH];
    bytes[..32].copy_from_slice(&key(&ALICE));
    bytes[32..41].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x01]);
    let signature = crypto::sign(&BOB, &bytes[..41]);
    bytes[41..].copy_from_slice(&signature);
    let last = Certificate::from_bytes(&bytes)?;
    assert_eq!(last.rights(), Rights::SignAndDelegate);
    assert_eq!(last.validity(), 0..u32::MAX);

    let first = Certificate::issue(&ALICE, &key(&EVE), 0..1_800_000_000, Rights::Sign)?;
    let witness = tools::delegate_key_chain_witness(&EVE, &[first, last], &fields(), NONE)?;
    assert!(opens(&witness, &tools::delegate_key_chain_lock(&key(&BOB), NONE)));
    Ok(())
}

#[test]
fn certificates_that_are_never_valid_are_not_issued() {
    let issue = |validity| Certificate::issue(&ALICE, &key(&BOB), validity, Rights::Sign);
    assert!(issue(5..5).is_err());
    #[allow(clippy::reversed_empty_ranges, reason = "it is to be refused")]
    let turned = 6..5;
    assert!(issue(turned).is_err());
    assert!(issue(5..1 << 31).is_err());
    assert!(issue(5..(1 << 31) - 1).is_ok());
}
