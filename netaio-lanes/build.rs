//! Finds out whether the compiler knows AVX-512, which it does since 1.89: a version later than
//! the oldest that builds netaio.

use std::{env, process::Command};

const KNOWS_AVX512: u32 = 89;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(avx512)");
    if minor_version().is_none_or(|minor| minor >= KNOWS_AVX512) {
        println!("cargo::rustc-cfg=avx512");
    }
}

/// Returns 89 of `rustc 1.89.0 (...)`.
fn minor_version() -> Option<u32> {
    let rustc = env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()?.split('.').nth(1)?.parse().ok()
}
