//! The golden data of the wire format, recorded from the Python original.
//!
//! The files are read from the folder that `NETAIO_VECTORS` names (its subfolder `wire`), else from
//! `../shared/vectors/wire` beside the workspace, else from the project's copy in
//! `tests/vectors/wire`. A folder that is named and has no case fails.
//!
//! Where this crate differs from the original on purpose, a test applies a rule, and counts.

#![allow(unreachable_pub, reason = "the modules of a test are its own")]

mod dispatch;
mod frames;
mod hmac;
mod layers;
mod messages;
mod packify;
mod peers;
mod stream_cipher;
mod support;
mod types;
mod x25519;
