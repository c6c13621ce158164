//! Compares how fast scripts run here and on the Python original, side by side:
//! `cargo run --release --bin tapescript-speed [ROUNDS]`.
//!
//! The rounds of both alternate, and what is printed are medians of ratios, so that what else the
//! machine does shows little.

use std::{hint::black_box, time::Instant};

use anyhow::Context as _;
use netaio::tapescript::{Cache, Fields, Machine, Script, SigFlags, crypto, tools};
use netaio_tests::{Process, python, script};
use serde_json::json;

const SEED: [u8; 32] = [7; 32];

struct Work {
    name: &'static str,
    scripts: Vec<Script>,
    fields: Fields,
    /// How often the original runs it in a round, and we ten times as often.
    times: u32,
}

/// A signature of a message of 100 bytes.
fn single_sig() -> Work {
    let fields = Fields::new().with::<1>([1; 80]).with::<2>([2; 16]).with::<3>([3; 4]);
    let witness = tools::single_sig_witness(&SEED, &fields, SigFlags::NONE).expect("it is short");
    let lock = tools::single_sig_lock(&crypto::public_key(&SEED), SigFlags::NONE);
    Work { name: "single signature", scripts: vec![witness, lock], fields, times: 500 }
}

/// Work without cryptography, that leaves true.
fn plain(name: &'static str, code: Vec<u8>, times: u32) -> Work {
    Work { name, scripts: vec![Script::new(code)], fields: Fields::new(), times }
}

fn works() -> Vec<Work> {
    // 100 times: push 2, push 3, add, push 5, compare, verify; then true.
    let sum = [0x02, 2, 0x02, 3, 0x0e, 2, 0x02, 5, 0x22];
    let arithmetic = [sum.repeat(100), vec![0x01]].concat();
    // Count from 100 down to 0, in a loop.
    let count = vec![0x02, 100, 0x45, 0, 7, 0x02, 1, 0x34, 0, 1, 0x0f, 2, 0x06, 0x01];
    // Branches in branches, text and the cache.
    let branch = [&[0x01, 0x2b, 0, 13, 0x01, 0x2b, 0, 9][..], &[3, 3, 97, 98, 99, 9, 1, 107], &[1]];
    let branch = [branch.concat(), vec![0x0a, 1, 107, 0x06]].concat();
    let branches = [branch.repeat(50), vec![0x01]].concat();
    vec![
        single_sig(),
        plain("arithmetic", arithmetic, 50),
        plain("a loop", count, 100),
        plain("branches and the cache", branches, 50),
    ]
}

fn timed(times: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..times).for_each(|_| run());
    start.elapsed().as_secs_f64() / f64::from(times)
}

fn ours(machine: &Machine, work: &Work, times: u32) -> f64 {
    timed(times, || {
        let cache = Cache::from(black_box(&work.fields));
        assert!(machine.unlocks(black_box(&work.scripts), cache), "{}", work.name);
    })
}

/// What running the scripts takes beside the check of the signature, in percent of the latter: the
/// median of short rounds in turn.
fn own_share(machine: &Machine, work: &Work) -> f64 {
    let message = [[1; 80].as_slice(), &[2; 16], &[3; 4]].concat();
    let (key, signature) = (crypto::public_key(&SEED), crypto::sign(&SEED, &message));
    let shares = (0..50).map(|_| {
        let verification = timed(50, || {
            assert!(crypto::verify(black_box(&key), black_box(&message), black_box(&signature)));
        });
        100.0 * (ours(machine, work, 50) / verification - 1.0)
    });
    median(shares.collect()).0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rounds = std::env::args().nth(1).map_or(Ok(9), |rounds| rounds.parse::<usize>())?;
    let python = python().context("set NETAIO_PYTHON to a Python with netaio[asymmetric] 0.0.9")?;
    let mut original = Process::start(&python, [script("script_speed.py")]);
    let machine = Machine::new();
    println!("| scripts | times the original's speed | least | most |\n|---|---|---|---|");
    for work in works() {
        let mut fields = serde_json::Map::new();
        for number in 1..=8 {
            if let Some(field) = work.fields.get(number) {
                fields.insert(format!("sigfield{number}"), json!(hex(field)));
            }
        }
        let scripts: Vec<_> = work.scripts.iter().map(|script| hex(script.as_bytes())).collect();
        let line = json!({ "scripts": scripts, "fields": fields, "times": work.times }).to_string();
        let (mut ratios, mut overheads) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            original.say(&line).await;
            let theirs: f64 = original.line().await.context("the original failed")?.parse()?;
            ratios.push(theirs / ours(&machine, &work, work.times * 10));
            if work.name == "single signature" {
                overheads.push(own_share(&machine, &work));
            }
        }
        let (middle, least, most) = median(ratios);
        println!("| {} | {middle:.1} | {least:.1} | {most:.1} |", work.name);
        if !overheads.is_empty() {
            let (middle, least, most) = median(overheads);
            println!(
                "| the machine's own share, percent of the verification | {middle:.1} | {least:.1} | {most:.1} |"
            );
        }
    }
    Ok(())
}
