//! The command `tapescript`: what it prints and how it ends.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tapescript::{Fields, SigFlags, crypto, tools};

const SEED: [u8; 32] = [7; 32];

/// A folder of one test, with files of its own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.join(name), content).unwrap();
        self
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    /// Runs the command; what it prints and its code, as one text.
    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tapescript"))
            .args(arguments)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Where the arguments are wrong nobody reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let err = if err.is_empty() { err } else { format!("--- stderr\n{err}") };
        without_costs(&format!("{out}{err}--- exit code {}", output.status.code().unwrap()))
    }
}

/// The text without what was spent, which is another test's matter.
fn without_costs(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(" of ") {
        Some((spent, budget)) if spent.starts_with("spent ") => format!("spent … of {budget}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Makes a test of each command on an empty folder.
macro_rules! commands {
    ($($name:ident: $arguments:expr, $input:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let shown = Folder::new(stringify!($name)).run(&$arguments, $input);
                show(stringify!($name), &shown);
            }
        )*
    };
}

commands! {
    no_command: [], "";
    help_of_verify: ["verify", "--help"], "";
    unknown_command: ["compile"], "";
    assemble_stdin: ["assemble"], "push d2 push s\"text\" # a comment # add_ints d2";
    assemble_with_comptime: ["assemble"], "push ~! { push d2 push d3 add_ints d2 }";
    assemble_mistake: ["assemble"], "push d2\npush d3\nadd_int d2\n";
    assemble_endless_comptime: ["assemble"], "push ~! { push d99 loop { push d99 loop { push d99 loop { push d-1 add d2 } pop0 push d-1 add d2 } pop0 push d-1 add d2 } }";
    assemble_absent_file: ["assemble", "absent.tape"], "";
    disassemble_stdin: ["disassemble"], "2c000401030162000100\n";
    disassemble_source: ["disassemble", "--form", "source"], "if { true } else { false }";
    disassemble_cut_code: ["disassemble"], "1d0320aabb";
    disassemble_no_digits: ["disassemble", "--form", "hex"], "1d0";
    run_stdin: ["run"], "push d2 push d3 add_ints d2 pop0 true";
    run_with_trace: ["run", "--trace"], "push d2 @= two [ d1 d2 ] try { false verify } except { @E size } true if { dup }";
    run_long_items: ["run", "--trace"], "push x00 shake256 x50 copy d9";
    run_long_items_in_full: ["run", "--full"], "push x00 shake256 x50 copy d2";
    run_error: ["run"], "true\nverify push d5 true if { add_ints d2 }";
    run_error_in_a_script_of_the_stack: ["run", "--trace"], "push ~ { false verify } eval";
    run_out_of_rounds: ["run"], "true loop { true }";
    run_out_of_budget: ["run", "--budget", "100"], &"true ".repeat(200);
    run_out_of_memory: ["run", "--memory", "100"], "push x00 shake256 x40 pop0";
    run_with_cache: ["run", "--cache", "name=shello", "--cache", "@key=x0a0b", "-f", "1=xff00"],
        "get_value s\"name\" @key msg x00";
    run_with_times: ["run", "--now", "1700000000", "--timestamp", "1700000059"],
        "val s\"timestamp\" check_timestamp push d1700000059 check_epoch push d1700000060 check_epoch";
    run_with_flags: ["run", "--flag", "1=false", "--flag", "disallow_OP_EVAL=true"],
        "push s\"seed\" derive_scalar pop0 push x01 eval";
    run_text_that_is_hostile_to_terminals: ["run", "-t"], "val x610a756e6c6f636b65641b5b324ae280ae";
    run_absent_entry: ["run"], "val s\"name\"";
    wrong_field_number: ["run", "--field", "9=x00"], "";
    wrong_field_value: ["run", "--field", "1=hello"], "";
    wrong_cache_entry: ["run", "--cache", "name"], "";
    wrong_form: ["run", "--form", "text"], "";
    verify_without_scripts: ["verify"], "";
    verify_stdin_twice: ["verify", "-", "-"], "true";
    verify_one_script: ["verify", "-"], "true";
}

fn signed() -> Folder {
    let fields = Fields::new().with::<1>("hello");
    let lock = tools::single_sig_lock(&crypto::public_key(&SEED), SigFlags::NONE);
    let witness = tools::single_sig_witness(&SEED, &fields, SigFlags::NONE).unwrap();
    let hex = |code: &[u8]| code.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let name = std::thread::current().name().unwrap().to_owned();
    Folder::new(&name)
        .file("lock.hex", hex(lock.as_bytes()) + "\n")
        .file("witness.bin", witness)
        .file("nothing.tape", "")
        .file("more.tape", "push d1")
        .file("return.tape", "true return")
        .file("block.tape", "true if { } push x00 verify")
}

#[test]
fn a_lock_is_opened() {
    let shown = signed().run(&["verify", "-t", "witness.bin", "lock.hex", "-f", "1=shello"], "");
    show("a_lock_is_opened", &shown);
}

#[test]
fn a_lock_stays_closed() {
    let folder = signed();
    let mut shown = String::new();
    for arguments in [
        &["witness.bin", "lock.hex", "--field", "1=sother"][..],
        &["nothing.tape", "lock.hex"],
        &["more.tape", "witness.bin", "lock.hex", "-f", "1=shello"],
        &["nothing.tape"],
        &["more.tape"],
        &["witness.bin", "lock.hex", "-f", "1=shello", "--budget", "500"],
        &["more.tape", "nothing.tape", "lock.hex"],
    ] {
        let result = folder.run(&[&["verify"], arguments].concat(), "");
        shown += &format!("$ tapescript verify {}\n{result}\n\n", arguments.join(" "));
    }
    show("a_lock_stays_closed", &shown);
}

#[test]
fn the_reference_lets_a_return_end_the_lock() {
    let folder = signed();
    let scripts = ["verify", "return.tape", "block.tape"];
    assert!(folder.run(&scripts, "").starts_with("locked: "));
    let reference = folder.run(&[&scripts[..], &["--reference"]].concat(), "");
    // The item that the block looks at is gone, and the one of the witness is left.
    assert!(reference.starts_with("unlocked\n"), "{reference}");
}

#[test]
fn byte_code_and_hex_digits_are_written_to_files() {
    let folder = Folder::new("files").file("script.tape", "push x0a0b dup");
    let shown = folder.run(&["assemble", "script.tape", "--output", "script.hex"], "");
    assert_eq!(shown, "11 bytes written to script.hex\n--- exit code 0");
    assert_eq!(folder.read("script.hex"), b"03020a0b1d\n");
    folder.run(&["assemble", "script.tape", "--binary", "-o", "script.bin"], "");
    assert_eq!(folder.read("script.bin"), [3, 2, 10, 11, 0x1d]);
    for name in ["script.tape", "script.hex", "script.bin"] {
        let lines = folder.run(&["disassemble", name], "");
        assert_eq!(lines, "OP_PUSH1 d2 x0a0b\nOP_DUP\n--- exit code 0", "{name}");
    }
    let shown = folder.run(&["assemble", "script.tape", "-o", "absent/script.hex"], "");
    assert!(shown.ends_with("exit code 2") && shown.contains("absent/script.hex can't be written"));
}

#[test]
fn bytes_that_are_no_text_need_a_form() {
    let folder = Folder::new("no-text").file("script", [0xff, 0]);
    let shown = folder.run(&["run", "script"], "");
    assert!(shown.contains("--form binary") && shown.ends_with("exit code 3"), "{shown}");
    let shown = folder.run(&["disassemble", "script", "--form", "binary"], "");
    assert_eq!(shown, "NOP255 d0\n--- exit code 0");
}

#[test]
fn nobody_has_to_read_all_of_a_trace() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tapescript"))
        .args(["run", "--trace"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all("true ".repeat(900).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(2));
}

/// The console of the README shows what a shell does.
#[cfg(unix)]
#[test]
fn the_readme_is_true() {
    let folder = Folder::new("readme");
    let command = PathBuf::from(env!("CARGO_BIN_EXE_tapescript"));
    let path =
        format!("{}:{}", command.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let readme = include_str!("../README.md");
    let console = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let mut shown = String::new();
    for line in console.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let mut shell = Command::new("sh");
        let output =
            shell.args(["-c", line]).current_dir(&folder.0).env("PATH", &path).output().unwrap();
        shown += &format!("$ {line}\n{}", String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(without_costs(&shown), without_costs(console));
}

fn show(name: &str, shown: &str) {
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}
