//! The macros as their users meet them: programs that compile, and messages for those that don't.
//!
//! One mistake a file, named after the mistake, its message beside it. The compiler is pinned by
//! `rust-toolchain.toml`, since its wording is part of the messages. What one file can't show is in
//! `projects/`, a workspace of its own.

pub mod editor;
pub mod projects;
