//! Arguments that a stranger may have sent.

use tapescript::tools::{self, Certificate, Ending, Rights, ScriptTree, Terms};
use tapescript::{Error, Script, System};

use crate::tree::leaf;
use crate::{ALICE, BOB, NONE, NOON, fields, key, opens_at};

#[test]
fn times_of_all_sizes_are_kept() {
    for time in [0, 1, 127, 128, 1 << 32, (1 << 62) - 1, u64::MAX] {
        let lock = tools::timestamp_after_lock(time, Ending::Put);
        assert_eq!(opens_at(NOON, &Script::default(), &lock), time <= NOON, "{time}");
    }
}

/// Bytes that look like chance, the same in each run.
fn noise() -> impl Iterator<Item = u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
}

#[test]
fn readers_refuse_hostile_bytes() -> Result<(), Error> {
    let mut noise = noise();
    let certificate = Certificate::issue(&ALICE, &key(&BOB), 0..9, Rights::Sign)?;
    let adapter = tools::adapter_witness(&ALICE, &key(&BOB), &fields(), NONE)?;
    let tree = ScriptTree::balanced((0..8).map(leaf), &System)?.pack()?;
    for _ in 0..5_000 {
        let mut some = |max: usize| -> Vec<u8> {
            let length = noise.next().map_or(0, usize::from) * max / 255;
            noise.by_ref().take(length).collect()
        };
        let (wild, places) = (some(255), some(4));
        let mangled = |good: &[u8]| {
            let mut bytes = good.to_vec();
            for (place, byte) in places.iter().zip(&wild) {
                let at = usize::from(*place) % bytes.len();
                bytes[at] ^= *byte;
            }
            bytes.truncate(good.len() - wild.len() / 200);
            bytes
        };
        for bytes in [wild.clone(), mangled(&tree)] {
            if let Ok(tree) = ScriptTree::unpack(&bytes) {
                assert_eq!(tree.pack()?, bytes);
                assert_eq!(tree.witnesses().count(), tree.leaves());
            }
        }
        for bytes in [wild.clone(), mangled(adapter.as_bytes())] {
            let script = Script::new(bytes);
            if tools::decrypt_adapter(&script, &[7; 32]).is_ok() {
                assert_eq!(script.as_bytes().len(), 68);
            }
            let _ = tools::recover_tweak(&script, &[7; 64]);
        }
        for bytes in [wild.clone(), mangled(certificate.as_bytes())] {
            match Certificate::from_bytes(&bytes) {
                Ok(read) => {
                    let unchanged = read == certificate;
                    assert_eq!(read.is_issued_by(&key(&ALICE)), unchanged);
                    assert_eq!(bytes.len(), Certificate::LENGTH);
                }
                Err(_) => assert_ne!(bytes.len(), Certificate::LENGTH),
            }
        }
    }
    Ok(())
}

#[test]
fn only_a_whole_adapter_is_read() -> Result<(), Error> {
    let adapter = tools::adapter_witness(&ALICE, &key(&BOB), &fields(), NONE)?;
    assert!(tools::recover_tweak(&adapter, &[7; 64]).is_ok());
    let longer = adapter.clone() + Script::new(vec![0]);
    let cut = Script::new(adapter.as_bytes()[..67].to_vec());
    for bad in [longer, cut, Script::default()] {
        assert!(tools::recover_tweak(&bad, &[7; 64]).is_err());
        assert!(tools::decrypt_adapter(&bad, &[7; 32]).is_err());
    }
    Ok(())
}

#[test]
fn keys_that_are_no_points_are_refused() {
    let bad = [0xff; 32];
    let terms = Terms { receiver: bad, refund: key(&BOB), refund_from: NOON };
    assert!(tools::taproot_lock(&bad, &[0; 32], NONE).is_err());
    assert!(tools::graftap_lock(&bad, NONE).is_err());
    assert!(tools::ptlc_tweaked_lock(&terms, &key(&BOB), NONE).is_err());
    assert!(tools::adapter_witness(&ALICE, &bad, &fields(), NONE).is_err());
    assert!(!tools::amhl_opens(&bad, &[0; 32]));
}
