//! What takes more than one crate to show.

use std::path::Path;

use netaio_ui_tests::projects::cargo;

fn run(arguments: &[&str]) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects");
    if let Err(error) = cargo(arguments, &target) {
        panic!("cargo {arguments:?}: {error}");
    }
}

#[test]
fn handlers_of_other_crates_are_linked() {
    run(&["run", "--package", "program"]);
}

#[test]
fn a_renamed_dependency_works_and_strict_lints_hold() {
    run(&["run", "--package", "renamed"]);
    run(&["clippy", "--workspace", "--", "--deny", "warnings"]);
}
