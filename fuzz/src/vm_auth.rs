//! Without the key no witness opens a lock, whatever it leaves behind; and no fields get past the
//! plugin.

use netaio::{
    MessageType,
    plugin::{AuthPlugin, Direction, PluginContext, System, TapescriptAuth},
    wire::{AuthFields, Body},
};
use tapescript::{Cache, Fields, Limits, Machine, Script, SigFlags, crypto, tools};

const SEED: [u8; 32] = *b"a seed that no input has a key o";

fn locks() -> [Script; 4] {
    let key = crypto::public_key(&SEED);
    let single = tools::single_sig_lock(&key, SigFlags::NONE);
    // A block before the check: what a RETURN of the witness must not end.
    let block = Script::new(vec![0x01, 0x2b, 0, 1, 0x01, 0x06]);
    let commitment = single.commitment();
    [
        single.clone(),
        tools::multisig_lock(&[key], 1, SigFlags::NONE).expect("one key"),
        tools::taproot_lock(&key, &commitment, SigFlags::NONE).expect("a key"),
        block + single,
    ]
}

/// Runs one input.
pub fn run(bytes: &[u8]) {
    let Some((&choice, witness)) = bytes.split_first() else { return };
    let locks = locks();
    let lock = &locks[usize::from(choice) % locks.len()];
    let fields = Fields::new().with::<1>("a message");
    let mut limits = Limits::default();
    limits.budget = 50_000;
    let machine = Machine::new().with_limits(limits);
    let verdict = machine.verdict(&[witness, lock.as_bytes()], Cache::from(&fields));
    assert!(!verdict.unlocked);
    assert!(verdict.spent <= 50_000);

    let auth = TapescriptAuth::new(&SEED, lock.clone());
    let mut fields = AuthFields::new();
    fields.set("witness", witness);
    fields.set("nonce", witness.get(..16).unwrap_or(&[1; 16]));
    fields.set("ts", &[1, 2, 3, choice]);
    let body = Body::new("u", witness).unwrap_or_else(|_| Body::new("u", "").expect("it is short"));
    let context = PluginContext::new(&System, MessageType::CreateUri, Direction::Incoming);
    assert!(auth.check(&fields, &body, &context).is_err());
}
