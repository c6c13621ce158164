//! Runs every target over its seeds and corpus, and over what each of them becomes when it is cut
//! or one of its bytes changes.

use std::{fs, path::Path};

use netaio_fuzz::TARGETS;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, run) in TARGETS {
        let (mut inputs, mut runs) = (0, 0);
        for folder in ["seeds", "corpus"] {
            let Ok(entries) = fs::read_dir(here.join(folder).join(name)) else { continue };
            for entry in entries {
                let input = fs::read(entry.expect("an entry").path()).expect("a file");
                inputs += 1;
                run(&input);
                let step = input.len() / 4 + 1;
                for place in (0..input.len()).step_by(step) {
                    run(&input[..place]);
                    let mut changed = input.clone();
                    changed[place] ^= 1 << (place % 8);
                    run(&changed);
                    runs += 2;
                }
                runs += 1;
            }
        }
        assert!(inputs > 0, "{name} has no inputs");
        println!("{name}: {inputs} inputs, {runs} runs");
    }
}
