//! Rows of locks.

use tapescript::Error;
use tapescript::tools::{self, Amhl, AmhlPart, Hop, Terms};

use crate::{ALICE, BOB, EVE, NONE, NOON, fields, key, opens, opens_at};

#[test]
fn a_row_of_locks_opens_from_the_last() -> Result<(), Error> {
    let terms = Terms { receiver: key(&BOB), refund: key(&EVE), refund_from: NOON };
    let hops = [Hop::Final(key(&ALICE)), Hop::Refundable(terms)];
    let row = Amhl::setup(b"a seed", 2)?;
    let locks = row.locks(&hops, NONE)?;
    let adapters = [
        tools::adapter_witness(&ALICE, &locks[0].point, &fields(), NONE)?,
        tools::adapter_witness(&BOB, &locks[1].point, &fields(), NONE)?,
    ];
    let signature = tools::decrypt_adapter(&adapters[1], &row.key())?;
    assert!(opens(&locks[1].witness(&signature, NONE), &locks[1].lock));
    let refund = tools::ptlc_refund_witness(&EVE, &fields(), NONE)?;
    assert!(opens(&refund, &locks[1].lock));
    assert!(!opens_at(NOON - 1, &refund, &locks[1].lock));

    let left = tools::amhl_release_left(&adapters[1], &signature, &locks[1].secret)?;
    let opened = |secret: &[u8; 32]| {
        let signature = tools::decrypt_adapter(&adapters[0], secret)?;
        Ok::<_, Error>(opens(&locks[0].witness(&signature, NONE), &locks[0].lock))
    };
    assert!(opened(&left)?);
    for wrong in [row.key(), locks[1].secret, tools::recover_tweak(&adapters[1], &signature)?] {
        assert!(!opened(&wrong)?);
    }
    assert!(row.locks(&hops[..1], NONE).is_err());
    // Two adapter signatures of one key would give it away.
    assert!(row.locks(&[Hop::Final(key(&BOB)), hops[1]], NONE).is_err());
    assert!(Amhl::setup(b"", 2).is_err());
    assert!(Amhl::setup(b"a seed", 0).is_err());
    Ok(())
}

#[test]
fn a_user_of_a_row_sees_what_does_not_fit() -> Result<(), Error> {
    let row = Amhl::setup(b"a seed", 3)?;
    let parts = (0..4).filter_map(|user| row.part(user)).collect::<Vec<_>>();
    assert_eq!(parts.len(), 4);
    assert!(row.part(4).is_none() && row.part(usize::MAX).is_none());
    assert!(parts.iter().all(AmhlPart::is_consistent));

    let &[_, AmhlPart::Between { left, right, secret }, _, AmhlPart::Receiver { key, .. }] =
        &parts[..]
    else {
        panic!("{parts:?}")
    };
    for bad in [
        AmhlPart::Between { left: right, right: left, secret },
        AmhlPart::Between { left, right, secret: key },
        AmhlPart::Between { left: [0xff; 32], right, secret },
        AmhlPart::Between { left, right, secret: [0; 32] },
        AmhlPart::Receiver { left, key },
        AmhlPart::Receiver { left, key: [0; 32] },
    ] {
        assert!(!bad.is_consistent());
    }
    Ok(())
}

#[test]
fn secrets_are_not_shown() -> Result<(), Error> {
    let row = Amhl::setup(b"a seed", 2)?;
    let locks = row.locks(&[&ALICE, &BOB].map(|seed| Hop::Final(key(seed))), NONE)?;
    let parts = (0..3).filter_map(|user| row.part(user)).collect::<Vec<_>>();
    let shown = format!("{row:?}{locks:?}{parts:?}");
    for secret in row.secrets().iter().chain([&row.key()]) {
        assert!(!shown.contains(&format!("{secret:?}")));
    }
    Ok(())
}
