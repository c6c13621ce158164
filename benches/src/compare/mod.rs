//! Compares servers that do the same work: a bare socket loop, ours, tarpc, the Python original.
//!
//! Each round starts every server anew and lets the same load generator work on it, by turns. What
//! counts is the server's processor time for one message, divided by the bare loop's in the same
//! round: absolute times depend on the machine and on who else uses it.

mod contest;
mod guest;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use self::contest::{Contestant, Kind, Programs, Scenario};
pub use self::guest::{Cpu, Doing, Guest};
use crate::{
    bare,
    frames::Protection,
    load,
    process::{raise_descriptors, step_aside},
    table::{Samples, insert, markdown},
};

#[derive(Parser)]
#[command(about = "Compares netaio with a bare loop, tarpc and the Python original")]
struct Cli {
    #[command(subcommand)]
    serve: Option<Serve>,
    #[command(flatten)]
    compare: Compare,
}

#[derive(Subcommand)]
enum Serve {
    /// Is the bare loop.
    #[command(hide = true)]
    ServeBare {
        #[arg(long)]
        udp: bool,
        #[arg(long)]
        hmac: bool,
        #[arg(long)]
        cipher: bool,
    },
    /// Is the server of a framework that this program was built with.
    #[command(hide = true)]
    ServeGuest,
}

#[derive(Args)]
struct Compare {
    /// How many rounds to run.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds each run is measured.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Only scenarios whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Run everything briefly, to see that it works.
    #[arg(long)]
    smoke: bool,
    /// The program of the reference server.
    #[arg(long)]
    reference: Option<PathBuf>,
    /// A Python with the package netaio 0.0.9; without it the original takes no part.
    #[arg(long, env = "NETAIO_PYTHON")]
    python: Option<PathBuf>,
    /// Put the tables into this document, between its marks.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Put the most important rows into this document, between its marks.
    #[arg(long)]
    summary: Option<PathBuf>,
}

/// Runs the program, with tarpc where it was built with it.
///
/// # Errors
///
/// Returns what keeps a server from running, or that one of ours answered wrongly.
pub fn main(tarpc: Option<Guest>) -> Result<()> {
    let cli = Cli::parse();
    let one_thread = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    raise_descriptors();
    match cli.serve {
        Some(Serve::ServeBare { udp: true, .. }) => one_thread()?.block_on(bare::udp()),
        Some(Serve::ServeBare { hmac, cipher, .. }) => {
            let protection = match (hmac, cipher) {
                (true, _) => Protection::Hmac,
                (_, true) => Protection::Cipher,
                _ => Protection::None,
            };
            one_thread()?.block_on(bare::tcp(protection))
        }
        Some(Serve::ServeGuest) => {
            let tarpc = tarpc.context("built without tarpc")?;
            tokio::runtime::Runtime::new()?.block_on((tarpc.serve)())
        }
        None => {
            step_aside();
            one_thread()?.block_on(compare(&cli.compare, tarpc))
        }
    }
}

/// The figures of one scenario.
#[derive(Default)]
struct Figures {
    /// Nanoseconds for a message of each contestant; or its bytes for a connection, fresh (false)
    /// and after a message (true).
    absolute: BTreeMap<(Contestant, bool), Samples>,
    /// Nanoseconds, divided by the bare loop's.
    ratios: BTreeMap<Contestant, Samples>,
    bad: BTreeMap<Contestant, u64>,
}

async fn compare(args: &Compare, tarpc: Option<Guest>) -> Result<()> {
    let own = std::env::current_exe()?;
    let reference = match &args.reference {
        Some(reference) => reference.clone(),
        None => own.with_file_name("reference_server"),
    };
    ensure!(
        reference.exists(),
        "{} is missing: build it, or name another with --reference",
        reference.display()
    );
    let programs = Programs { own, reference, tarpc, python: args.python.clone() };
    let (rounds, seconds) = if args.smoke { (1, 0.05) } else { (args.rounds, args.seconds) };
    let mut scenarios = Scenario::all(Duration::from_secs_f64(seconds));
    scenarios.retain(|scenario| {
        args.only.as_ref().is_none_or(|only| scenario.name().contains(only.as_str()))
    });
    ensure!(!scenarios.is_empty(), "no scenario has such a name");
    let mut figures: Vec<Figures> = scenarios.iter().map(|_| Figures::default()).collect();
    for round in 1..=rounds {
        for (scenario, figures) in scenarios.iter().zip(&mut figures) {
            eprintln!("round {round} of {rounds}: {}", scenario.name());
            one_round(&programs, scenario, figures).await.with_context(|| scenario.name())?;
        }
    }
    let bad = figures.iter().filter_map(|figures| figures.bad.get(&Contestant::Ours));
    let bad: u64 = bad.sum();
    let head = format!(
        "{}; {rounds} rounds of {seconds} s; ratios to the bare loop, median (lowest–highest).\n\n",
        machine()
    );
    let all = scenarios.iter().zip(&figures);
    let text = format!("{head}{}{}", messages(all.clone()), memory(all.clone()));
    print!("{text}");
    if let Some(path) = &args.write {
        update(path, "compare", &text)?;
    }
    if let Some(path) = &args.summary {
        let main = all.filter(|(scenario, _)| scenario.is_main());
        update(path, "summary", &format!("{head}{}", messages(main)))?;
    }
    ensure!(bad == 0, "{bad} of our answers were wrong or missing");
    Ok(())
}

/// Runs every contestant once, the bare loop before and after ours: each is divided by its mean.
async fn one_round(programs: &Programs, scenario: &Scenario, figures: &mut Figures) -> Result<()> {
    let mut runs = Vec::new();
    for contestant in Contestant::turns().filter(|&contestant| scenario.has(contestant)) {
        let Some(server) = programs.start(contestant, scenario)? else { continue };
        let figure = if scenario.kind == Kind::Idle {
            let connections = scenario.work.connections;
            let idle = load::idle(server.addr(), connections, || server.memory()).await?;
            [idle.fresh, idle.used]
        } else {
            let outcome = programs.run(contestant, scenario, &server).await?;
            *figures.bad.entry(contestant).or_default() += outcome.bad;
            let client = scenario.kind == Kind::Client;
            [if client { outcome.load_ns() } else { outcome.server_ns() }, f64::NAN]
        };
        runs.push((contestant, figure));
    }
    let bare: Samples =
        runs.iter().filter(|run| run.0 == Contestant::Bare).map(|run| run.1[0]).collect();
    for (contestant, [first, second]) in runs {
        figures.absolute.entry((contestant, false)).or_default().add(first);
        figures.absolute.entry((contestant, true)).or_default().add(second);
        let ratio = first / bare.median().unwrap_or(f64::NAN);
        figures.ratios.entry(contestant).or_default().add(ratio);
    }
    Ok(())
}

fn update(path: &Path, name: &str, text: &str) -> Result<()> {
    let document = fs::read_to_string(path)?;
    let Some(document) = insert(&document, name, text) else {
        bail!("{} lacks the marks <!-- {name} --> and <!-- /{name} -->", path.display());
    };
    Ok(fs::write(path, document)?)
}

/// Writes the table of processor time.
fn messages<'a>(all: impl Iterator<Item = (&'a Scenario, &'a Figures)>) -> String {
    let others = Contestant::ALL.iter().filter(|&&contestant| contestant != Contestant::Bare);
    let rows =
        all.filter(|(scenario, _)| scenario.kind != Kind::Idle).map(|(scenario, figures)| {
            let bare = figures.absolute.get(&(Contestant::Bare, false)).and_then(Samples::median);
            let mut row =
                vec![scenario.name(), format!("{:.2} µs", bare.unwrap_or(f64::NAN) / 1000.0)];
            row.extend(others.clone().map(|&contestant| {
                let Some(ratio) = figures.ratios.get(&contestant) else {
                    return "–".into();
                };
                match figures.bad.get(&contestant) {
                    None | Some(0) => ratio.text(2),
                    Some(bad) => format!("{}, {bad} lost", ratio.text(2)),
                }
            }));
            row
        });
    table("processor time per message", &rows.collect::<Vec<_>>())
}

/// Writes the table of memory.
fn memory<'a>(all: impl Iterator<Item = (&'a Scenario, &'a Figures)>) -> String {
    let mut rows = Vec::new();
    for (scenario, figures) in all.filter(|(scenario, _)| scenario.kind == Kind::Idle) {
        for (second, when) in [(false, "fresh"), (true, "after one message")] {
            let mut row = vec![format!("{}, {when}", scenario.name())];
            row.extend(Contestant::ALL.iter().map(|&contestant| {
                let bytes = figures.absolute.get(&(contestant, second));
                bytes.map_or_else(|| "–".into(), |bytes| format!("{} B", bytes.text(0)))
            }));
            rows.push(row);
        }
    }
    if rows.is_empty() { String::new() } else { format!("\n{}", table("memory of each", &rows)) }
}

fn table(first: &str, rows: &[Vec<String>]) -> String {
    let names = Contestant::ALL.iter().map(|contestant| contestant.name());
    let head: Vec<_> = [first].into_iter().chain(names).collect();
    markdown(&head, rows)
}

/// Says when and on what it was measured.
fn machine() -> String {
    let output = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program).args(args).output();
        output.map_or_else(
            |_| "?".into(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("?", |(_, model)| model);
    let count = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let (date, kernel) = (output("date", &["-u", "+%F"]), output("uname", &["-sr"]));
    // What a distribution adds to the number says nothing to readers elsewhere.
    let kernel = kernel.split('-').next().unwrap_or_default();
    format!("{date}, {count} × {model}, {kernel}, {}", output("rustc", &["--version"]))
}
