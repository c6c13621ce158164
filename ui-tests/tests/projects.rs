//! What takes more than one crate to show.

use netaio_ui_tests::projects::{command, run};

fn cargo(arguments: &[&str]) -> (bool, String) {
    let mut cargo = command(env!("CARGO"), env!("CARGO_TARGET_TMPDIR"));
    cargo.args(["--quiet"]).args(arguments);
    run(cargo)
}

#[track_caller]
fn succeeds(arguments: &[&str]) {
    let (success, output) = cargo(arguments);
    assert!(success, "cargo {arguments:?}: {output}");
}

#[test]
fn handlers_of_other_crates_are_linked() {
    succeeds(&["run", "--package", "program"]);
}

#[test]
fn a_renamed_dependency_works_and_strict_lints_hold() {
    succeeds(&["run", "--package", "renamed"]);
    succeeds(&["clippy", "--workspace", "--", "--deny", "warnings"]);
}
