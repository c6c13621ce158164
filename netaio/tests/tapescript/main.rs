//! The tapescript auth plugin: its golden data, and what it promises.

#![cfg(feature = "tapescript")]

mod behaviour;
#[path = "../../../tapescript/tests/vectors/host.rs"]
#[allow(dead_code, reason = "the script language's own tests use more of it")]
mod host;
#[path = "../../../tapescript/tests/vectors/support.rs"]
#[allow(dead_code, reason = "the script language's own tests use more of it")]
mod support;
mod vectors;
