//! Runs the golden data recorded from the reference, tapescript 0.7.3.
//!
//! The files are read from the folder that `NETAIO_VECTORS` names (its subfolder `tapescript`), else from
//! `../shared/vectors/tapescript` beside the workspace, else from the project's copy in `tests/vectors/data`. A folder
//! that is named and has no case fails.

mod auth;
mod functions;
mod host;
mod hostile;
mod support;
mod text;
mod tools;
mod vm;
