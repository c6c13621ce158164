//! Every fuzz target over its seeds and corpus, and over what each of them becomes when it is cut or
//! one of its bytes changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

#[track_caller]
fn replay(target: &str, run: fn(&[u8])) {
    let mut inputs = 0;
    for folder in ["seeds", "corpus"] {
        let Ok(entries) = fs::read_dir(fuzz().join(folder).join(target)) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            // The last line that is shown of a failure.
            println!("{}", path.display());
            let input = fs::read(path).expect("a file");
            inputs += 1;
            run(&input);
            for place in (0..input.len()).step_by(input.len() / 4 + 1) {
                run(&input[..place]);
                let mut changed = input.clone();
                changed[place] ^= 1 << (place % 8);
                run(&changed);
            }
        }
    }
    assert!(inputs > 0, "there are no inputs");
}

macro_rules! targets {
    ($($target:ident)*) => {
        const TARGETS: &[&str] = &[$(stringify!($target)),*];

        $(#[test]
        fn $target() {
            replay(stringify!($target), netaio_fuzz::$target::run);
        })*
    };
}

targets! {
    ciphers frame_chunks hashcash hmac_check message packify_decode packify_value peer_table
    replay_cache server_stream subscriptions udp_stream vm_assemble vm_auth vm_disassemble vm_run
}

#[test]
fn no_target_is_left_out() {
    let entries = fs::read_dir(fuzz().join("fuzz_targets")).expect("the targets");
    let mut there: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path().with_extension(""))
        .map(|path| path.file_name().expect("a name").to_owned())
        .collect();
    there.sort();
    assert_eq!(there, TARGETS);
}
