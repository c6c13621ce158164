//! Inputs that the reference takes very long for, or gigabytes.

use tapescript::{Cache, Machine, crypto};

use crate::support::{cases, hex};

/// That each ends is what the budget bounds; the clock only catches a charge that is far too low.
#[test]
fn tapescript_vectors_hostile_scripts() {
    let seed = [7; 32];
    let lock = [&[3, 32][..], &crypto::public_key(&seed), &[0x23, 0]].concat();
    let machine = Machine::new();
    let mut ran = 0;
    for case in cases("hostile").iter().filter(|case| case["kind"] == "script") {
        let began = std::time::Instant::now();
        let verdict = machine.verdict(&[hex(&case["input"]), lock.clone()], Cache::new());
        assert!(!verdict.unlocked, "{} opens the lock", case["name"]);
        let took = began.elapsed();
        assert!(took.as_secs() < 20, "{} took {took:?} for {} units", case["name"], verdict.spent);
        ran += 1;
        if std::env::var_os("TAPESCRIPT_TIMES").is_some() {
            crate::support::say(&format!(
                "{took:?} {} {} {:?}",
                verdict.spent,
                case["name"],
                verdict.error.map(|e| e.to_string())
            ));
        }
    }
    assert!(ran > 0 || std::env::var_os("NETAIO_VECTORS").is_some(), "there are hostile scripts");
}
